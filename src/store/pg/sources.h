/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that a logical replication stream tells of: which columns come and are the key, and where their changes are to be told, which is
 * asked of the database itself: a partition is told as the table it is a part of, by the primary key.
 *
 *   described ──asked──▶ known ──described anew──▶ asked again …          missing: known, for nobody knows it
 *
 * Ownership: struct heard's, which also keeps in them what the transaction that is being told writes to each. Pure but for memory. Failure:
 * NULL beyond HEARD_RELATIONS_MAX. */
#ifndef LEAT_STORE_PG_SOURCES_H
#define LEAT_STORE_PG_SOURCES_H

#include "base/list.h"
#include "base/map.h"
#include "store/pg/heard.h"

enum { SOURCE_KEY_MAX = 32 };

struct source {
    uint32_t oid;
    unsigned version;      /* counts how often it was described */
    bool known, asked;     /* its place, as the database says since then */
    bool missing;          /* `known`, for it was not there: dropped, or not there yet */
    unsigned column_count; /* of the stream's rows */
    unsigned key_count;    /* 0: it has no key, or none that could be told */
    uint16_t keys[SOURCE_KEY_MAX];
    char *names; /* of those columns, each ended by NUL */
    char *place; /* holds the next three */
    struct slice schema, table;
    unsigned order_count; /* the primary key in terms of `keys`; 0: it is another */
    uint8_t order[SOURCE_KEY_MAX];
    /* In the transaction that is being told: */
    struct list touched;
    bool is_touched;
    enum change_kind kind;
    struct buf key;
};

/* A zeroed one is empty. */
struct sources {
    struct map by_oid;
    bool unknown, asked; /* some of them are */
};

void sources_clear(struct sources *sources);
struct source *sources_find(const struct sources *sources, uint32_t oid);

/* As the message says. Where it belongs is to be asked then. */
struct source *sources_describe(struct sources *sources, const struct pgoutput *message);
void sources_ask_again(struct sources *sources, struct source *source);

/* The row's key in the stream's order, a NUL between its values. False: not all of it has come, or it is too long. */
bool source_read_key(const struct source *source, const struct pgoutput *message, struct buf *key) must_check;
/* That in the primary key's order. False: it is another key. */
bool source_order_key(const struct source *source, struct slice key, struct buf *ordered) must_check;

/* Appends the question, where there is one. */
void sources_ask(struct sources *sources, struct buf *sql);
void sources_place(struct sources *sources, const struct heard_place *place);
/* The answer is complete: what was asked for and has not come is missing. */
void sources_give_up(struct sources *sources);

#endif
