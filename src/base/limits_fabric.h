/* SPDX-License-Identifier: MIT */
#ifndef BASE_LIMITS_FABRIC_H
#define BASE_LIMITS_FABRIC_H

#include "base/limits.h"

/* Many meshes: PROTOCOL.md 7. */
#define SUMMARY_LEN_MAX 1024
#define SUMMARY_TYPES_MAX 16
#define SUMMARY_GATEWAYS_MAX 4
#define BACKBONE_MESHES_MAX 256
#define BACKBONE_SPEAKERS_MAX 4		/* of one mesh, that are remembered */
#define CROSSED_MAX 1024	/* peers of other meshes that were told of */
#define BACKBONE_EVERY SECONDS(5)
#define BACKBONE_TAKEOVER SECONDS(12)	/* a speaker silent so long is replaced */
#define BACKBONE_SILENT SECONDS(15)	/* a mesh silent so long is unreachable */
#define BACKBONE_FORGET SECONDS(600)

#endif
