/* SPDX-License-Identifier: Apache-2.0 */
/* ENCODE: rows → JSON, NDJSON or CSV. A page takes the rows of an answer as the store hands them out, writes them into a capped buf,
 * counts them, keeps the order cells of the first and the last for cursors, and turns them round where a cursor went backwards.
 * Pure, but for the memory of its buf. One thread at a time (the store's, then the request's).
 * Failure: sticky in page->body (`failed`: the answer is larger than its cap). */
#ifndef LEAT_ENCODE_PAGE_H
#define LEAT_ENCODE_PAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "catalog/catalog.h"
#include "config/config.h"

/* What rows are written as. NDJSON and CSV know no envelope and are never read backwards. */
enum page_form { PAGE_JSON, PAGE_NDJSON, PAGE_CSV };

struct page_spec {
    enum dialect dialect;
    enum page_form form;
    struct slice line_end;               /* of CSV */
    const struct column *const *columns; /* visible ones: the first cells of each row, in order */
    unsigned column_count;
    const unsigned *order_cells; /* cells to keep of the first and last row */
    unsigned order_count;
    unsigned limit;   /* rows to write; one more row only says that more follow. 0: no limit */
    bool reverse;     /* rows come last first */
    bool bare_object; /* the one row is the body; limit is 1 */
    bool bare_value;  /* the first cell of the one row is the body; limit is 1 */
    bool bare_values; /* each row is its first cell */
    bool first_alone; /* the first row is the body, others are only counted */
    bool strip_nulls; /* members that are null are left out, at every depth */
};

struct page {
    struct page_spec spec;
    /* Where a page goes that is too large for its body: called behind a row when the body has piece_bytes or more; it takes them
     * out of the body, or says false: no more rows are wanted. Only of a page that goes on. NULL: the body takes all. */
    bool (*on_piece)(struct page *page);
    size_t piece_bytes;
    bool goes_on;        /* what stands in the body stays as it is: page_finish only adds to it */
    struct arena *arena; /* for the kept cells and row ends */
    struct buf body;     /* the caller moves it out or calls page_done */
    struct buf scratch;  /* of CSV: a value on its way */
    size_t head_bytes;   /* where the rows begin in the body */
    unsigned rows;       /* written */
    bool more;           /* a row beyond `limit` came */
    /* Order cells of the answer's first and last row; NULL: no rows. Of the row that came last they are those only when it
     * filled the page: behind one that is not full lies nothing, so that nobody needs a cursor there. */
    struct slice *first, *last;
    size_t *row_ends; /* of reverse pages */
    unsigned row_ends_cap;
};

/* What an envelope's members say; what is not known is written as null. */
struct page_facts {
    uint64_t page; /* 0: null */
    uint64_t size, total, pages;
    bool has_total;          /* false: total and pages are null */
    struct slice next, prev; /* cursors; data NULL: null */
    bool more;
};

/* body_bytes_max: the cap. envelope: NULL for a bare array. `spec` is copied; what it points to must stay. */
void page_init(struct page *page, const struct page_spec *spec, const struct envelope *envelope,
               struct arena *arena, size_t body_bytes_max);

/* A store's row sink, `page` its context: false when it wants no more. The cells need to live only during the call. */
bool page_row(void *page, const struct slice *cells, unsigned count);

/* Frees the body, if it was not moved out, and what it was made with. Takes a zeroed page. */
void page_done(struct page *page);

/* Completes the body. Envelope members stand in the order of their declaration. envelope: the one of page_init. */
void page_finish(struct page *page, const struct envelope *envelope, const struct page_facts *facts);

#endif
