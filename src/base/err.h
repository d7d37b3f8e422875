/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * The one map of errors. Functions that can fail return 0 or one of these; what only a
 * bug can cause is asserted instead.
 */
enum err {
#define ERR(name, value, text) ERR_##name = value,
#include "base/err.def"
#undef ERR
};

/*
 * "MALFORMED", "malformed input"; never NULL, also for numbers that are no error of ours.
 */
const char *err_name(int err);
const char *err_text(int err);

#endif
