/* SPDX-License-Identifier: MIT */
#ifndef QUIC_CONN_CALLBACKS_H
#define QUIC_CONN_CALLBACKS_H

#include "quic/ngtcp2_compat.h"

/* What ngtcp2 calls, for both roles; the user data is the struct conn. */
extern const ngtcp2_callbacks conn_callbacks;

#endif
