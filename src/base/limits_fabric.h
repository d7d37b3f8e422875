/* SPDX-License-Identifier: MIT */
#ifndef BASE_LIMITS_FABRIC_H
#define BASE_LIMITS_FABRIC_H

#include "base/limits.h"

/* Many meshes: PROTOCOL.md 7. */
#define SUMMARY_LEN_MAX 1024
#define SUMMARY_TYPES_MAX 16
#define SUMMARY_GATEWAYS_MAX 4
#define RESOLVED_MAX 16			/* nodes in one answer */
/* For all that is tried; of a gateway less than its asker's patience for it. */
#define RESOLVE_DEADLINE SECONDS(6)
#define RESOLVE_PATIENCE MILLISECONDS(2500)	/* for a gateway of ours */
#define RESOLVE_SERVE_DEADLINE MILLISECONDS(2400)
#define RESOLVE_ABROAD MILLISECONDS(1000)	/* for one of theirs; then the next */
#define RESOLVE_KEPT SECONDS(30)
#define RESOLVE_KEPT_MAX 128		/* answers that a gateway keeps */
#define RESOLUTIONS_MAX 128		/* under way */
#define DELIVERY_WHY_CAP 200
#define MESSAGE_BODY_LEN_MAX (64u * 1024)
#define MESSAGES_SEEN_MAX 8192		/* whose repetition is known as one */
#define MESSAGES_ORDER_MAX 256		/* senders whose order is checked */
#define SENDINGS_MAX 16			/* under way in one node */
#define SENDING_COUNT_MAX 1000000
#define SEND_PATIENCE SECONDS(10)	/* for one message, with all that is tried */
#define SEND_ATTEMPT SECONDS(2)
#define SEND_RETRY MILLISECONDS(200)
#define BACKBONE_MESHES_MAX 256
#define BACKBONE_SPEAKERS_MAX 4		/* of one mesh, that are remembered */
#define CROSSED_MAX 1024	/* peers of other meshes that were told of */
#define BACKBONE_EVERY SECONDS(5)
#define BACKBONE_TAKEOVER SECONDS(12)	/* a speaker silent so long is replaced */
#define BACKBONE_SILENT SECONDS(15)	/* a mesh silent so long is unreachable */
#define BACKBONE_FORGET SECONDS(600)

#endif
