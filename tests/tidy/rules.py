# SPDX-License-Identifier: MIT
"""The tables of tests/tidy: who may include whom, and each exception with its reason."""

# Which folders a folder may include, besides itself. ARCHITECTURE.md says why.
ALL = ("base wire identity gossip quic relay trace mesh node supervisor chaos scenario "
       "control io app tui").split()
LAYERS = {
    "base": [],
    "wire": ["base"],
    "identity": ["base", "wire"],
    "gossip": ["base", "wire"],
    "quic": ["base", "wire", "identity"],
    "relay": ["base", "wire"],
    "trace": ["base", "wire"],
    "mesh": ["base", "wire"],
    "node": "base wire identity gossip quic relay trace mesh".split(),
    "supervisor": ["base", "wire"],
    "chaos": "base wire mesh supervisor".split(),
    "scenario": "base wire mesh supervisor chaos".split(),
    "control": "base wire mesh trace supervisor chaos scenario".split(),
    "io": "base wire identity trace mesh node supervisor control".split(),
    "app": ALL,
    "tui": "base wire mesh trace supervisor chaos scenario control".split(),
}

# Header of a library -> folders or files that may include it.
FOREIGN = {
    r"sodium\.h|sodium/.*": ["src/base", "src/identity", "src/quic", "src/app",
                             "src/wire/envelope.c", "src/io/files.c"],
    r"ut(hash|list|array)\.h": ["src/base", "src/quic"],
    r"ngtcp2/.*": ["src/quic"],
    r"gnutls/.*": ["src/quic"],
    r"protobuf-c/.*": ["src/trace"],
    r"yaml\.h": ["src/scenario"],
    r"jansson\.h": ["src/scenario", "src/control", "src/io"],
    r"uv\.h": ["src/io", "src/app"],
    r"curl/.*": ["src/io"],
    r"zlib\.h": ["src/io"],
    r"(ncursesw?/)?(n?curses|term)\.h": ["tui/screen.c"],
}
# Libraries that one file of the whole tree may know.
ONE_FILE = [r"yaml\.h", r"(ncursesw?/)?(n?curses|term)\.h"]

# What the C library and the kernel give everybody.
SYSTEM = (r"(sys|arpa|netinet|net|linux)/.*|"
          r"(assert|ctype|dirent|dlfcn|endian|errno|fcntl|float|ftw|ifaddrs|"
          r"getopt|grp|inttypes|langinfo|limits|locale|malloc|math|netdb|poll|pthread|"
          r"pwd|sched|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|"
          r"stdio|stdlib|string|strings|sysexits|termios|time|ucontext|unistd|wchar|"
          r"wctype)\.h")

# Public names of a file, where they are not its own stem.
PREFIXES = {
    "src/base/id.c": ["address"],
    "src/control/alerts.c": ["control_alerts"],
    "src/control/answer.c": ["control_answer"],
    "src/control/discover.c": ["control_discover"],
    "src/control/events.c": ["control_events"],
    "src/control/faults.c": ["control_faults"],
    "src/control/echoes.c": ["control_echoes"],
    "src/control/letters.c": ["control_letters"],
    "src/control/meshes.c": ["control_meshes"],
    "src/control/exports.c": ["control_exports"],
    "src/control/print.c": ["control_print"],
    "src/control/spans.c": ["control_spans"],
    "src/control/request.c": ["control_request"],
    "src/gossip/topic.c": ["gossip", "neighbor_change"],
    "src/identity/admission.c": ["fabric_key", "topic_of"],
    "src/identity/name.c": ["seed"],
    "src/control/metrics.c": ["control_metrics"],
    "src/node/measure.c": ["node"],
    "src/node/faulting.c": ["node"],
    "src/node/views.c": ["node"],
    "src/quic/event.c": ["quic"],
    "src/scenario/report.c": ["verdict"],
    "src/wire/digest.c": ["accusation", "payload"],
    "src/wire/frame.c": ["trace_context"],
    "src/wire/gossip_msg_decode.c": ["gossip"],
    "src/wire/gossip_msg_encode.c": ["gossip"],
    "tui/overlay.c": ["places"],
}

# Writable globals: (object's source, name) -> why it cannot be a parameter.
GLOBALS = {
    (r"src/base/mem\.c", r"counts"): "live objects are counted for the whole process",
    (r"src/base/log\.c", r"sink"): "one standard error for each process",
    (r"src/base/wall\.c", r"skew_ms"): "a fault on the clock is one for the process",
    (r"tui/screen\.c", r"crash"): "a signal handler gets no parameter",
    (r".*", r"log_site_(\.\d+)?"): "the rate limit of one call site of the log",
}

# Calls that nobody makes -> below which folders, and why.
PRODUCT = ("src/", "tui/")
EVERYWHERE = ("src/", "tui/", "tests/")
BANNED = {
    r"strcpy|strcat|sprintf|vsprintf|strncpy|strncat": (PRODUCT, "no bound, or no end"),
    r"atoi|atol|atoll|atof": (PRODUCT, "cannot fail; use text_u64"),
    r"sleep|usleep|nanosleep": (EVERYWHERE, "wait for an event with a deadline"),
    r"rand|srand|random|srandom|drand48|rand_r": (EVERYWHERE, "use base/rng: it replays"),
    r"popen": (EVERYWHERE, "no shell"),
    r"system": (PRODUCT, "no shell"),
    r"time|gettimeofday|ftime|timespec_get": (PRODUCT, "wall_ms or loop_now_ns"),
    r"gets|strtok|gmtime|localtime|ctime|asctime|tmpnam|mktemp": (EVERYWHERE, "unsafe"),
}

# Calls of the folders at the edge only: all else gets time and bytes as parameters.
EDGE = ["src/io/", "src/app/", "tui/screen.c"]
EDGE_CALLS = (r"time|clock_gettime|gettimeofday|clock|socket|socketpair|sendto|recvfrom|"
              r"sendmsg|recvmsg|sendmmsg|recvmmsg|epoll_wait|select|getenv|secure_getenv|"
              r"fork|vfork|execve?|execvp|posix_spawnp?|pthread_create|getrandom|"
              r"randombytes_buf|randombytes_random|randombytes_uniform")
EDGE_EXCEPTIONS = {
    (r"src/base/wall\.c", r"clock_gettime"): "the one reader of the wall clock",
    (r"src/base/idmap\.c", r"randombytes_buf"): "a key of buckets, which no order shows",
    (r"src/identity/identity\.c", r"randombytes_buf"): "a secret key must not replay",
    (r"src/identity/admission\.c", r"randombytes_buf"): "a fabric key must not replay",
    (r"src/quic/.*", r"randombytes_\w+"): "what strangers must not guess: RFC 9000, 5.1",
}

WALL_CLOCK = "src/base/wall.c"

# A poll inside a wait with a deadline may pause this long in a script.
POLL_PAUSE_S = 0.1
# Pauses that are none of these: (file, length as written) -> why.
PAUSES = {
    (r"tests/e2e/.*", r"every_s"): "the poll of until(), 0.01 s unless told otherwise",
    (r"tests/e2e/.*", r"random\.uniform\(.*"): "kills at random moments",
}

FILE_LINES_MAX = 500
HEADER_LINES_MAX = 150
# Lists that every change adds to, on one page on purpose: path -> lines at most.
LIST_LINES_MAX = {"src/base/limits.h": 250}
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 90
BAD_STEMS = ["util", "utils", "common", "helper", "helpers", "misc", "manager"]
