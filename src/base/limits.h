/* SPDX-License-Identifier: MIT */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/*
 * Every bound of the program on one page. A table or queue that is not here has no right
 * to grow. Times are nanoseconds of the monotonic clock unless the name says otherwise.
 */

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define MILLISECONDS(n) ((uint64_t)(n) * NS_PER_MS)
#define SECONDS(n) ((uint64_t)(n) * NS_PER_S)
#define NEVER UINT64_MAX

/* Names: PROTOCOL.md 6, [a-z0-9][a-z0-9-]{0,62}. */
#define LABEL_LEN_MAX 63
#define NAME_LEN_MAX (LABEL_LEN_MAX + 1 + LABEL_LEN_MAX + 1 + 12)
#define BUILD_LEN_MAX 12

/* Gossip: PROTOCOL.md 3 and 4. */
#define GOSSIP_MESSAGE_LEN 4096
#define GOSSIP_MESSAGE_LEN_MIN 512
#define GOSSIP_PAYLOAD_OVERHEAD 44
#define GOSSIP_ACTIVE_VIEW 5
#define GOSSIP_PASSIVE_VIEW 30
#define GOSSIP_PEER_DATA_LEN_MAX 200
#define GOSSIP_PEER_ADDRESSES_MAX 6
#define GOSSIP_NODES_MAX 64	/* entries read from one Shuffle; more is malformed */
#define GOSSIP_IHAVE_MAX 116
#define GOSSIP_CALM_HOPS 6	/* on which what is calm waits for others */
#define GOSSIP_SEEN_MAX 20000
#define GOSSIP_CACHE_BYTES_MAX (4u << 20)
#define GOSSIP_MISSING_MAX 10000
#define GOSSIP_LAZY_QUEUE_MAX 1000
#define GOSSIP_LAZY_BULK_MAX 900	/* of them of bulk */
#define GOSSIP_OBSERVERS_MAX 8
#define GOSSIP_PENDING_MAX 64
#define GOSSIP_OUTBOX_MAX 65536
#define GOSSIP_ACTIVE_VIEW_MAX 32	/* what settings may ask for */
#define GOSSIP_PASSIVE_VIEW_MAX 512
#define GOSSIP_JOINS_MAX 64		/* contacts that still owe us an answer */
#define GOSSIP_JOIN_TRIES 6		/* Joins sent for one request to join */
#define GOSSIP_OBSERVED_MAX 3		/* peers that an observer attaches to */
#define GOSSIP_MARKED_MAX 256 /* observers known by their HELLO: one for each link */

/* QUIC: PROTOCOL.md 2. */
#define QUIC_CID_LEN 8
#define QUIC_HANDSHAKES_MAX 256
#define QUIC_HANDSHAKES_PER_NET_MAX 128	/* one /24 or /64; loopback counts as one net */
#define QUIC_HANDSHAKE_DEADLINE SECONDS(5)
#define QUIC_CONNECTIONS_MAX 1024
#define QUIC_STREAMS_MAX 100
#define QUIC_STREAM_SEND_LEN_MAX (1u << 20)
#define QUIC_IDLE_TIMEOUT SECONDS(30)
#define QUIC_KEEP_ALIVE SECONDS(10)
#define QUIC_STREAM_WINDOW (1u << 20)
#define QUIC_CONN_WINDOW (8u << 20) /* all streams in the middle of their largest frame */
/* Finished streams of the peer in one connection that ngtcp2 0.12 goes on holding. */
#define QUIC_ENDED_STREAMS_MAX 10000
#define QUIC_CONN_SEND_LEN_MAX (16u << 20)
#define QUIC_ANSWERS_LEN_MAX (64u << 20) /* queued in all: then nobody is answered */
#define QUIC_EVENTS_MAX 65536
#define QUIC_EVENTS_LEN_MAX (64u << 20)
#define QUIC_REPLIES_MAX 256
#define QUIC_RESETS_PER_S 100
#define QUIC_RETRY_TOKEN_LIFETIME SECONDS(10)
#define QUIC_PACKET_LEN_MAX 1452
/*
 * Packets that are acknowledged at once; how long fewer may wait for company, and how far
 * apart two must have come for the second to be the company. The distance of the moments
 * at which what waits on all connections leaves together.
 */
#define QUIC_ACK_PACKETS 8
#define QUIC_ACK_HOLD MILLISECONDS(300)
#define QUIC_ACK_HOLD_LEN 1000
#define QUIC_ACK_APART MILLISECONDS(100)
#define QUIC_MOMENTS MILLISECONDS(250)
/* Of so many at first, and one in so long, the peer learns how far it is: conn_io.c. */
#define QUIC_ACK_FIRST 8
#define QUIC_ACK_HURRY_FIRST SECONDS(1)
#define QUIC_ACK_HURRY SECONDS(30)
#define QUIC_TOMBSTONES_MAX 1024

/* Frames: PROTOCOL.md 5. */
#define FRAME_LEN_MAX (66u * 1024)
#define FRAME_CONTROL_LEN_MAX 4096
#define ADDRESSES_MAX 4
#define SYNC_FRAME_LEN_MAX (16u * 1024)
#define SYNC_ANSWER_LEN_MAX (768u * 1024)	/* less than QUIC_STREAM_SEND_LEN_MAX */
#define HELLO_DEADLINE SECONDS(5)
#define REQUEST_DEADLINE SECONDS(5)
#define VIEW_FRAME_LEN_MAX (16u * 1024)	/* a piece of what a node sees */
#define ECHO_LEN_MAX (64u * 1024)
#define ECHOES_MAX 16			/* destinations at once */
#define ECHO_COUNT_MAX 1000000u
#define ECHO_WINDOW 1000		/* under way at once, to one destination */
#define WATCHERS_MAX 16			/* of one node */
#define WATCHERS_PEER_MAX 8		/* of one node by one other; a console has one */
#define WATCH_FRAME_LEN_MAX (48u * 1024)
#define WATCHER_FRAME_LEN (16u * 1024)	/* from here on a frame is full */
#define WATCHER_QUEUE_LEN_MAX (128u * 1024) /* on the way to a watcher; then it loses */
#define WATCHER_EVERY MILLISECONDS(50)	/* at most so often to one watcher */
#define WATCHER_SNAPSHOT SECONDS(1)	/* links and objects */
#define WATCHER_BEAT SECONDS(2)		/* when there is nothing to tell */
#define WATCHER_PATIENCE SECONDS(30)	/* without a frame that had room */
#define MESSAGES_LEN_MAX (64u * 1024)	/* some 500 frames, while somebody watches */
#define REQUESTS_MAX 2048		/* asked by us and not answered */
#define REQUESTS_LEN_MAX (16u << 20)	/* questions that wait for a link or a stream */
#define REQUEST_ANSWERS_LEN_MAX (16u << 20)	/* answers that nobody has fetched */
#define SERVING_MAX 512			/* asked by others and answered later */
#define SERVING_PEER_MAX 64

/* Digest and directory: PROTOCOL.md 6. */
#define DIGEST_LEN_MAX 320
#define DIGEST_NEIGHBORS_MAX 8
#define DIRECTORY_ENTRIES_MAX 20000
#define DIRECTORY_BRISK 32 /* one digest in so many travels at once in any case */
/* How long what its sender said before it died may come: GOSSIP_CALM_HOPS moments. */
#define DIRECTORY_UNDERWAY SECONDS(3)
#define DIRECTORY_UNDERWAY_MAX 2 /* digests of one node that do at once */
#define DIRECTORY_ESTABLISHED SECONDS(5) /* heard for so long, it makes no room */
#define ACCUSERS_MAX 4
#define DIRECTORY_CHANGES_MAX 2048	/* not yet fetched by tick */
#define DIRECTORY_DEPARTED_MAX 4096	/* removed ones whose last digest is remembered */
#define MESHES_MAX 64
#define CALM_MAX 64	/* gossip of this turn that waits until packets have left */
#define SAID_MAX 16	/* delivered in this turn, and not yet verified */
#define CALM_WAIT MILLISECONDS(1) /* if nobody says that they have */

/* Node. */
#define SEEDS_MAX 64
#define REMEMBERED_PEERS_MAX 256
#define LINKS_MAX 256
#define LINKS_GREETING_MAX 128	/* connected to us, and no HELLO yet */
#define LINK_QUEUE_LEN_MAX (64u * 1024)	/* bytes held for a link that is still dialing */
#define BOOK_ENTRIES_MAX 1024		/* known addresses of peers */

/*
 * Casts: messages of applications to a whole mesh. What may wait for one neighbor is what
 * it took in half a second, within these bounds: so digests behind it are not late.
 */
#define CAST_BODY_LEN_MAX 768
#define CAST_COUNT_MAX 1000000
#define CASTINGS_MAX 16			/* under way in one node */
#define CAST_TURN_MAX 64		/* of each, in one turn of the loop */
#define CAST_QUEUE_LEN_MIN (12u * 1024)
#define CAST_QUEUE_LEN_MAX (512u * 1024)
#define CAST_LOOK MILLISECONDS(5)	/* how often it is seen who can follow again */
#define CAST_PATIENCE SECONDS(2) /* so long a sender waits for one, then a twentieth */
#define CAST_SLOW_MAX 64		/* neighbors that can't, of all topics */
#define CAST_RUNS_MAX 8			/* runs that are counted; the oldest goes */
#define CAST_SPEAKERS_MAX 128		/* of all of them, by speaker */
#define CAST_WINDOW 32768		/* numbers in which a repetition is known */
#define CAST_IDLE SECONDS(30)		/* then that memory is given back */

/* Supervisor, scenario, console. */
#define CHILDREN_MAX 50			/* alive at once, unless told */
#define CHILDREN_POOL_MAX 500		/* what can be told */
#define ATTACHED_NODES_MAX 240		/* of others, in one run: a link to each */
#define ATTACHED_COMMANDS_MAX 1024	/* orders to them that are not answered yet */
#define CHILDREN_ROWS_MAX 1000		/* alive and ended ones that are still shown */
#define CHILD_ORDERS_MAX 65536		/* orders that the driver has not fetched */
#define LIFELINE_QUEUE_LEN_MAX (1u << 20) /* bytes for a parent that does not read */
#define CHILD_LOG_LEN_MAX (1u << 20)	/* node.log; there may be one older of it */
#define CHILD_SENT_MAX 16		/* reports on messages that are kept of one */
#define CHILD_SILENT SECONDS(5)		/* without a beat: its loop stands still */
#define CHILD_STALLED_MAX SECONDS(60)	/* then a console ends it and starts it anew */
#define CHILD_TERM_AFTER SECONDS(2)
#define CHILD_KILL_AFTER SECONDS(4)
#define SCENARIO_FILE_LEN_MAX (1u << 20)
#define SCENARIO_ERRORS_MAX 100
#define TIMELINE_EVENTS_MAX 10000	/* in a console */
#define ALERTS_ACTIVE_MAX 256		/* in a console */
#define ALERTS_HISTORY_MAX 500		/* those that are over */
#define ALERTS_NODE_ACTIVE_MAX 16	/* in a node, of itself */
#define ALERTS_NODE_HISTORY_MAX 50
#define ALERTS_TRACKED_MAX 1024		/* nodes with a figure that is high */
#define SERIES_LEN 60			/* digests of one node: two minutes */
#define SERIES_NODES_MAX 512
#define TIMELINE_NODE_EVENTS_MAX 1000	/* in a node, which has a budget of memory */
#define CONTROL_STREAMS_MAX 8		/* clients that follow events */
#define SPANS_MAX 16			/* of one boot */
#define SPAN_STORE_LEN_MAX (128u * 1024)	/* some 700 finished spans of a node */
#define SPAN_RECORD_LEN_MAX 4096
#define WATERFALL_ROWS_MAX 64
#define TRACES_SPANS_MAX 512		/* spans of other nodes that a console keeps */
#define OUTLOOK_MESSAGES_MAX 500	/* frames of a watched node, in a console */
#define OUTLOOK_OBJECTS_MAX 256
#define WATCHED_NODES_MAX 32		/* by one console at once */
#define BOOTS_MAX 256			/* boots that a console keeps */
#define APPEND_LEN_MAX (1u << 20)	/* bytes that wait to be appended to a file */
#define CONTROL_REQUEST_LEN_MAX (144u * 1024) /* a message of 64 KiB in hex */
#define CONTROL_CLIENTS_MAX 32
#define CONTROL_ANSWER_LEN_MAX (32u << 20)
#define CONTROL_SOCKETS_MAX 256		/* looked at in the runtime directory */

/* Faults that a node has on itself, and what it holds for them. */
#define FAULTS_MAX 16			/* active at once */
#define FAULTS_ENDED_MAX 8		/* the last ones that ended, still told */
#define FAULT_TARGETS_MAX 128		/* of one fault */
#define FAULT_LEASE_MS_MAX (24u * 3600 * 1000)
#define FAULT_NONCES_MAX 256		/* remembered, so that no order counts twice */
#define OPERATORS_MAX 16
#define IMPAIR_HELD_MAX 4096		/* datagrams that wait for their time */
#define IMPAIR_HELD_LEN_MAX (4u << 20)

/*
 * OTLP: queue, batch and delay are those of PROTOCOL.md 8; a refused batch is posted
 * again after 1, 2, 4 ... 30 s, give or take a half, or when the collector says.
 */
#define OTLP_QUEUE_MAX 2048
#define OTLP_BATCH_MAX 512
#define OTLP_METRICS_QUEUE_MAX 256	/* metrics: a dozen snapshots */
#define OTLP_METRICS_BATCH_MAX 64
#define OTLP_DELAY SECONDS(5)
#define OTLP_RETRY_FIRST SECONDS(1)
#define OTLP_RETRY_MAX SECONDS(30)
#define OTLP_RETRY_AFTER_MAX SECONDS(3600)
#define OTLP_BODY_LEN_MAX (4u << 20)
#define OTLP_ANSWER_LEN_MAX (64u * 1024)
#define OTLP_PAIRS_MAX 64		/* headers, or attributes of a resource */
/* What the end waits for a collector, and then for the thread that talks to it. */
#define OTLP_CLOSE_MAX MILLISECONDS(800)
#define OTLP_JOIN_MAX_MS 200

/* The watchdog of a loop: how long it may take for a turn, and how often that is seen. */
#define WATCHDOG_LIMIT SECONDS(1)
#define WATCHDOG_LOOK SECONDS(1)

/*
 * Sockets: packets in one system call, and rounds of reading before others get their
 * turn.
 */
#define UDP_READ_BATCH 16
#define UDP_READ_ROUNDS 4
#define UDP_SEND_BATCH 128
#define DRIVER_PACKETS_PER_TURN 1024
#define DRIVER_SAMPLE_INTERVAL SECONDS(2)
#define DRIVER_SAMPLE_FIRST MILLISECONDS(200)
/* How long a digest says how late the loop was: several digests. */
#define DRIVER_LAG_SHOWN SECONDS(10)
#define DRIVER_TRIM_INTERVAL SECONDS(10)
#define DRIVER_TRIM_IDLE_INTERVAL SECONDS(60)
#define PROCFS_CPU_INTERVAL MILLISECONDS(50)
#define PROCFS_MEMORY_INTERVAL SECONDS(10)
/* Who is later than this accuses nobody: PROTOCOL.md 6. */
#define LOOP_LAG_ALARM MILLISECONDS(500)

#endif
