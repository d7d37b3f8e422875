/* SPDX-License-Identifier: MIT */
#ifndef APP_COMPLETION_H
#define APP_COMPLETION_H

#include "base/buf.h"

/*
 * Completions for shells, made from options.def: a mode first, then what goes with it and
 * was not said yet, and the words or files that an argument can be. The build writes them
 * with --print, and installs them where bash, zsh and fish look.
 */
void completion_bash(struct buf *to);
void completion_zsh(struct buf *to);
void completion_fish(struct buf *to);

#endif
