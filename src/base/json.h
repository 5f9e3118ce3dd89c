/* SPDX-License-Identifier: Apache-2.0 */
/* Is this JSON? For what comes from a client, and for what SQLite stores: its columns hold whatever was put into them.
 * RFC 8259. Pure. */
#ifndef LEAT_BASE_JSON_H
#define LEAT_BASE_JSON_H

#include "base/arena.h"

#define JSON_DEPTH_MAX 512

/* One JSON text, with white space around it allowed, no deeper than JSON_DEPTH_MAX, in well-formed UTF-8. */
bool json_is_valid(struct slice text);

/* The text without JSON's white space around it (space, tab, line feed, carriage return). */
struct slice json_trim(struct slice text);

/* A JSON number that fills the whole slice. */
bool json_is_number(struct slice text);

/* What a JSON string says, which stands in its quotes; false: it is none, or has half a surrogate pair. In the arena. */
bool json_unescape(struct arena *arena, struct slice quoted, struct slice *ret_text);

#endif
