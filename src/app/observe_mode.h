/* SPDX-License-Identifier: MIT */
#ifndef APP_OBSERVE_MODE_H
#define APP_OBSERVE_MODE_H

struct options;

/* --observe: 0 after q or a signal, 69 without a usable terminal, 70, 74, 78. */
int observe_mode(const struct options *o);

#endif
