/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of a logical replication stream of PostgreSQL, taken apart: the stream's own ('w', 'k'), and in them those of its plugin
 * pgoutput in version 1 ("Logical Replication Message Formats" in PostgreSQL's manual).
 *
 *   transaction   Begin (Relation | Insert | Update | Delete | Truncate | Message)* Commit      told when it has committed, whole
 *   Relation      names a table and its columns, before the first change of it, and again when it may have changed
 *   tuple         per column: n (NULL), u (long, unchanged, not sent), t and b with a length and the value
 *
 * What is returned points into the bytes given. Pure; any thread. Failure: ERR_INVALID, of whatever is not such a message from its first byte
 * to its last. What was read as good is walked without a failure. */
#ifndef LEAT_STORE_PG_PGOUTPUT_H
#define LEAT_STORE_PG_PGOUTPUT_H

#include "base/error.h"
#include "base/slice.h"

struct pgoutput_envelope {
    bool keepalive;    /* else data: `payload` is a message of pgoutput */
    bool wants_reply;  /* of a keepalive */
    uint64_t position; /* of a keepalive: all that was committed before it has been sent */
    struct slice payload;
};

enum pgoutput_kind {
    PGOUTPUT_BEGIN,
    PGOUTPUT_COMMIT,
    PGOUTPUT_RELATION,
    PGOUTPUT_INSERT,
    PGOUTPUT_UPDATE,
    PGOUTPUT_DELETE,
    PGOUTPUT_TRUNCATE,
    PGOUTPUT_MESSAGE, /* of pg_logical_emit_message */
    PGOUTPUT_OTHER,   /* an origin, a type */
};

struct pgoutput {
    enum pgoutput_kind kind;
    uint32_t xid;                 /* of BEGIN */
    uint32_t relation;            /* of RELATION, INSERT, UPDATE, DELETE */
    struct slice schema, table;   /* of RELATION */
    struct slice prefix, content; /* of MESSAGE */
    bool transactional;           /* of MESSAGE */
    bool has_old;                 /* of UPDATE: the key, or the whole row, as it was */
    unsigned count;               /* of columns, of values in `items`, of relations in TRUNCATE */
    struct slice
        items; /* RELATION: columns; INSERT, UPDATE: the new row; DELETE: the old key or row; TRUNCATE */
};

struct pgoutput_column {
    struct slice name;
    bool is_key; /* of the replica identity */
};

enum error pgoutput_envelope_read(struct slice bytes, struct pgoutput_envelope *ret_envelope) must_check;
enum error pgoutput_read(struct slice bytes, struct pgoutput *ret_message) must_check;

/* Each takes the next of `items` off; to be called `count` times at most. */
struct pgoutput_column pgoutput_next_column(struct slice *items);
struct slice pgoutput_next_value(struct slice *items); /* data NULL: NULL, or not sent */
uint32_t pgoutput_next_relation(struct slice *items);

/* What is sent back: how far the stream has been read. */
enum { PGOUTPUT_STATUS_BYTES = 34 };
void pgoutput_write_status(char ret_bytes[PGOUTPUT_STATUS_BYTES], uint64_t position, bool wants_reply);

#endif
