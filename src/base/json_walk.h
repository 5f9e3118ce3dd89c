/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a JSON object and the elements of an array, one after the other, as slices of the text: for small documents that
 * are read once (tokens, sets of keys). The text must be valid JSON (json_is_valid): that is a precondition of each of these.
 * Pure; the slices live as long as the text. */
#ifndef LEAT_BASE_JSON_WALK_H
#define LEAT_BASE_JSON_WALK_H

#include "base/arena.h"
#include "base/error.h"

struct json_walk {
    struct slice rest; /* behind the last that was given */
    bool object;
};

/* False: the text is no object, or no array; the walk is empty then. */
bool json_walk_object(struct slice text, struct json_walk *ret_walk);
bool json_walk_array(struct slice text, struct json_walk *ret_walk);

/* The next: its name in quotes, as it stands there (of an array: untouched; may be NULL), and its value. */
bool json_walk_next(struct json_walk *walk, struct slice *ret_name, struct slice *ret_value);

/* The value of an object's member. ERR_ABSENT; ERR_INVALID: it is there twice, and readers would differ on which counts. */
enum error json_member(struct arena *arena, struct slice object, struct slice name,
                       struct slice *ret_value) must_check;

/* The same for a member that is a string, unescaped in the arena. ERR_INVALID too where it is none. */
enum error json_member_text(struct arena *arena, struct slice object, struct slice name,
                            struct slice *ret_text) must_check;

#endif
