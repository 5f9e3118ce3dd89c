/* SPDX-License-Identifier: Apache-2.0 */
/* What answers depend on, as tags (cache/tags.h): noted of a read before its statement goes out, bumped for a write after its COMMIT,
 * before its answer.
 *
 *   list of T        TABLE(T)                  a write to T, whatever it was, bumps TABLE(T);
 *   row k of T       ROW(T,k), ROWS(T)         of one row by its key ROW(T,k); of others, or of who knows which, ROWS(T)
 *   no such row k    the same and TABLE(T)
 *   with `signals`   SIGNAL(name) of each      raised by name
 *   a view           TABLE of each table below it
 *   anything unknown WORLD                     every write bumps WORLD
 *
 * TABLE and ROWS are three tags each, for where rows are tenants' a tenant's answers are to end with its own writes alone:
 *
 *                             ANY   SHARED   OWN(tenant)
 *   a tenant reads its rows          noted    noted
 *   others read               noted
 *   a tenant writes its rows  bumped          bumped
 *   others write              bumped  bumped
 *
 * What a write to T changes by foreign keys that act (ON DELETE, ON UPDATE) counts as written by others, table by table. Where triggers
 * or rules may change who knows what, and `changes:` does not tell, all that is kept becomes stale.
 * Threads: the request's worker. Cannot fail. */
#ifndef LEAT_REQUEST_DEPENDS_H
#define LEAT_REQUEST_DEPENDS_H

#include "cache/tags.h"
#include "request/request.h"
#include "store/listen.h"

struct service;

struct depends {
    struct tag_seen *seen; /* of the request's arena */
    unsigned count, room;
    unsigned count_if_absent; /* that there is no such row depends on more: these beyond `count` */
};

/* What the request's plan reads, with the generations of now. */
void depends_note(struct request *request, struct depends *ret_depends);

/* The same of these tables, and of nothing else. */
void depends_note_tables(struct request *request, const struct tables_told *tables,
                         struct depends *ret_depends);

/* Of a write of one row: what nobody else is to write meanwhile. By its key that is what the row will depend on; of a new row, key NULL,
 * which nobody can name yet, its table. False: the row will depend on more than its tags. */
bool depends_note_row(struct request *request, const struct plan *shown, const struct bind *key,
                      struct depends *ret_depends) must_check;
/* After its bumps: true if there were none but its own since it was noted, and so the row is as it wrote it. Then *depends is what the
 * row depends on from here on. */
bool depends_settle(struct request *request, struct depends *depends) must_check;

/* The tables that the request's write is to. */
struct tables_told depends_written(struct request *request);
/* The request's write stands, or it may: what depends on it is stale from here on. */
void depends_bump(struct request *request);
/* These tables of the model were written to, who knows how; all of them, where nobody tells. */
void depends_bump_tables(struct service *service, const struct model *model,
                         const struct tables_told *tables);

/* What hangs on the signal, and on its tables. */
void depends_bump_signal(struct service *service, const struct model *model,
                         const struct config_signal *signal);
/* Another program wrote to the database: the same. Of CHANGE_ALL from any thread. */
void depends_bump_outside(struct worker *worker, const struct change *change);

#endif
