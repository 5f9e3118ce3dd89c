/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN: a request's query string, checked against a resource → SQL text with binds, and what the answer's writer needs to know.
 * Pure: bytes, an arena and a clock value in; no descriptors, no globals. Identifiers come from the catalogue alone; every
 * value is checked against its column's type and bound. All a plan points to lives in the arena or in the model.
 * Failure: a struct problem (4xx) that names the parameter, the column, the value and the nearest right word. */
#ifndef LEAT_QUERY_PLAN_H
#define LEAT_QUERY_PLAN_H

#include "base/problem.h"
#include "base/record.h"
#include "catalog/caller.h"
#include "catalog/model.h"
#include "query/prefer.h"
#include "query/range.h"
#include "store/store.h"

struct plan_order {
    struct order_term term;
    unsigned cell; /* where its value is in a row: for cursors */
};

enum plan_kind { PLAN_ROW, PLAN_LIST, PLAN_QUERY, PLAN_WRITE };

struct plan {
    enum plan_kind kind;
    enum dialect dialect;
    struct statement statement;
    const struct column **columns; /* what is written, in order; cells behind them are hidden ones */
    unsigned column_count;
    unsigned cell_count;

    const struct bind *key; /* of a row: the values of its resource's key */
    bool alone;             /* of a row: no other rows are read, be they of the same table */

    /* of a list; of a row whose resource has versions the one term is the version: its cell is kept */
    struct plan_order *order; /* the whole order: the key ends it */
    unsigned order_count;     /* 0: filters pin the key, or there is neither key nor order */
    bool keyset;              /* cursors are possible: there is a key */
    bool from_cursor;         /* a cursor was given */
    bool backwards;           /* it pointed back: rows come in reverse and are turned round by the writer */
    unsigned
        limit; /* rows of this page at most; the statement asks for one more to know whether more follow. 0: of a list
                               * no rows are wanted (PostgREST's limit=0, the statement gives none), of a query there is no limit */
    bool capped;           /* more was asked for than `max`, or all of a list for an export */
    bool by_number;        /* page/page_size (or offset) */
    bool by_offset;        /* and it need not be a page's: offset, or a range */
    uint64_t page, offset; /* page counts from 1 */
    /* How many rows there are in all, when want_total: what `total` counts; without it, or when it counts more than total_max, what
     * the database plans for; without either the guess. */
    bool want_total;
    bool total_is_exact;      /* it may be kept */
    struct statement total;   /* no text: it is not asked */
    struct statement planned; /* likewise */
    uint64_t total_max, total_guess;
    struct slice
        total_key; /* resource and filters, canonical: what a kept total is kept under. Empty: not to be kept */
    uint64_t shape; /* resource, order and filters hashed: binds a cursor to its query */

    /* of a named query, and of a call that gives no rows; a paged query has the members of a list, too */
    enum query_returns returns;

    /* of a call, and of a query that changes something */
    bool writes;       /* the statement may change something: it is a transaction of its own */
    bool bare_values;  /* a list of values: not of objects, but of what is in their one column */
    bool says_nothing; /* there is nothing to answer with */

    /* What the answer hangs on beside the request: for keys and tags of kept ones. */
    unsigned uses; /* bits of enum caller_part: of whom the rights, rows or values are */
    const struct table *
        *tables; /* that are read, each once: the root's, those embedded, those between; views as they are */
    bool *
        owned; /* of each: wherever it is read, only rows of the caller's tenant are, by model->tenants; NULL: of none */
    unsigned table_count, table_room, owned_room;
    bool tables_unknown; /* it reads others, too: what a function or a query's text does nobody told */
};

/* What of a model's plans is the same for every request: the texts of rows by key. Made once for each snapshot, then
 * read-only: any thread. The model must outlive it. */
struct plan_cache;
struct plan_cache *plan_cache_new(const struct model *model);
void plan_cache_free(struct plan_cache *cache); /* takes NULL */

struct plan_context {
    const struct model *model;
    struct arena *arena;
    enum manner manner;
    struct wall now; /* for `24h ago` */
    bool exports;    /* a list is not paged, but for `limit` and `offset`, and has no total */
    enum prefer_count
        count;            /* how the total of a list is found; NONE: counted, where its envelope shows it */
    struct range range;   /* of a list, where the query string does not place the page */
    struct caller caller; /* which rows are seen, what may be embedded */
    const struct plan_cache *cache; /* NULL: every plan is made anew */
};

/* GET /resource?… */
enum error plan_list(const struct plan_context *context, const struct resource *resource,
                     struct slice query_string, struct plan **ret_plan,
                     struct problem *ret_problem) must_check;

/* GET /resource/{id}?select=…  id: the path segment as sent (percent-encoded); composite keys comma-joined. */
enum error plan_row(const struct plan_context *context, const struct resource *resource, struct slice id,
                    struct slice query_string, struct plan **ret_plan,
                    struct problem *ret_problem) must_check;

/* The version of a row, in the first cell, for one who is about to change it: until the transaction ends nobody else does.
 * PostgreSQL by FOR UPDATE; SQLite has one writer anyway. The resource must have a version. */
enum error plan_version(const struct plan_context *context, const struct resource *resource, struct slice id,
                        struct statement *ret_statement, struct problem *ret_problem) must_check;

/* The 404 of a row that the plan of plan_row did not find. */
void plan_row_absent(struct arena *arena, const struct resource *resource, struct slice id,
                     struct problem *ret_problem);

/* GET /query?…, or POST /query. body: parameters, too, beside those of the query string; NULL: there is none. */
enum error plan_query(const struct plan_context *context, const struct named_query *query,
                      struct slice query_string, const struct record *body, struct plan **ret_plan,
                      struct problem *ret_problem) must_check;

/* The number in the one cell of `total` or `planned`; false: there is none. */
bool plan_read_count(struct slice cell, uint64_t *ret_count) must_check;

/* Whether what the configuration says in the URL's grammar can be understood: default `select` and `order`, `rows`, `when` of signals. */
enum error plan_check(const struct model *model, struct complaints *complaints) must_check;

/* The cursor that continues behind a row (backwards: before it), from the row's order cells (plan->order_count of them, raw as the
 * store gave them; data NULL for NULL). base64url, in the arena. Data NULL: there is none, because the list has no key, or because
 * the values are too long for a URL (CURSOR_TEXT_MAX, 4 KiB). */
struct slice plan_cursor(const struct plan *plan, struct arena *arena, const struct slice *order_cells,
                         bool backwards);

#endif
