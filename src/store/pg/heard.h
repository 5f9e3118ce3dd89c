/* SPDX-License-Identifier: Apache-2.0 */
/* What a logical replication stream has told, until it may be told on.
 *
 *   changes ──Commit──▶ a transaction WAITS ──visible, and its tables known──▶ told: a change per table
 *
 * The stream tells a commit as soon as it is on the server's disk. There it is not yet visible to others, for as long as it waits for a
 * standby, or just for its turn: an answer made anew in that moment would be of the time before, and kept. So a question is asked of an
 * ordinary connection, again and again while something waits: which transactions are visible, and, of tables not known yet, whose
 * partition each is and what its primary key.
 *
 * Bounded: of a transaction there is a kind and at most one key per table (HEARD_TABLES_MAX, then everything); all that waits,
 * and all tables, have limits, beyond which the stream is to be begun anew.
 * Ownership: the caller's. Pure but for memory; one thread. */
#ifndef LEAT_STORE_PG_HEARD_H
#define LEAT_STORE_PG_HEARD_H

#include "base/buf.h"
#include "store/listen.h"
#include "store/pg/pgoutput.h"

enum {
    HEARD_RELATIONS_MAX = 16384,
    HEARD_TABLES_MAX = 256,
    HEARD_KEY_BYTES_MAX = 4000,
    HEARD_BYTES_MAX = 8 * 1024 * 1024,
};

struct heard;

struct heard *heard_new(struct slice instance);
void heard_free(struct heard *heard); /* takes NULL */
/* As new: the stream is over. */
void heard_clear(struct heard *heard);

/* The next message. What this instance has written itself, and says so by a message of its name, is left out. ERR_INVALID: it cannot follow
 * what came before. ERR_LIMIT: there is too much. */
enum error heard_take(struct heard *heard, const struct pgoutput *message) must_check;

/* Transactions wait to be told: a question would do it. */
bool heard_waits(const struct heard *heard);

/* The question: appends SQL whose answers are one row (snapshot, position of the log), and where some tables are not known, rows for
 * heard_place, in this order. */
void heard_ask(struct heard *heard, struct buf *sql);

/* One of those tables. schema and table empty: who knows which are read by way of it. keys: names of the primary key's columns, 0x1f
 * between them. */
struct heard_place {
    uint32_t relation;
    struct slice schema, table, keys;
};
void heard_place(struct heard *heard, const struct heard_place *place);

/* The stream begins, and that is the first answer: transactions that were under way may have been told to nobody, so when they end
 * everything is told. */
enum error heard_begin(struct heard *heard, struct slice snapshot) must_check;

/* The answer is complete: tells what is due. ERR_INVALID: that is no snapshot. ret_told: whether something was. */
enum error heard_settle(struct heard *heard, struct slice snapshot, const struct listener_events *to,
                        bool *ret_told) must_check;

#endif
