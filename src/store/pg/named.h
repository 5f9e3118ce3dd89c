/* SPDX-License-Identifier: Apache-2.0 */
/* The statements prepared on one connection on loan, by their text: it wanders between workers, so what is prepared is not for a
 * worker's shapes to know. At most NAMED_MAX; the least recently used one makes room.
 *
 * Ownership: texts are copied. A struct named_text lives until it is forgotten or makes room. One thread at a time. Cannot fail. */
#ifndef LEAT_STORE_PG_NAMED_H
#define LEAT_STORE_PG_NAMED_H

#include "base/list.h"
#include "base/map.h"

enum { NAMED_MAX = 128, NAMED_TEXT_BYTES_MAX = 16 * 1024, NAME_BYTES_MAX = 16 };

struct named_text {
    struct list recent;
    struct slice text;
    uint32_t number; /* of its name */
    bool ready;      /* its Parse was answered */
};

struct named {
    struct map by_text;
    struct list recent; /* least recently used first */
    unsigned count;
    uint32_t last_number;
    uint32_t dropped; /* one that is to be deallocated, or 0 */
};

void pg_named_init(struct named *named);
void pg_named_done(struct named *named);

/* NULL: it is not prepared here. */
struct named_text *pg_named_find(struct named *named, struct slice text);

/* Not ready yet. */
struct named_text *pg_named_add(struct named *named, struct slice text);

/* The database does not have it (any more). */
void pg_named_forget(struct named *named, struct named_text *text);
/* The database has it, but it is of no use. */
void pg_named_drop(struct named *named, struct named_text *text);
/* The number of one to be deallocated, once; 0: none. */
uint32_t pg_named_take_dropped(struct named *named);

void pg_named_name(uint32_t number, char ret_name[NAME_BYTES_MAX]);

#endif
