/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_MESHES_H
#define CONTROL_MESHES_H

#include <jansson.h>

#include "control/answer.h"

/*
 * {"backbone":true,"fabric":[{"mesh":"mesh2","state":"heard","age_ms":1200,"live":4,
 * "suspect":0,"gone":0,"types":{"broker":2},
 * "gateways":[{"id":"...","addresses":["..."]}],"speakers":["id"],
 * "directory_hash":"...","text":"..."}]}: its own meshes (state "own") by its directory,
 * others by their newest summary. Off the backbone only the own ones.
 */
void control_meshes_put(json_t *to, const struct control_view *v);

#endif
