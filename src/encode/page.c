/* SPDX-License-Identifier: Apache-2.0 */
/* Rows into a page. The body is written in place as rows come:
 *
 *   {"transactions":[ row , row , …  ],"next_cursor":"…","has_more":true}
 *   └ head_bytes ───┘└ page_row ────┘└ page_finish ─────────────────────┘
 *
 * A page read backwards gets its rows last first; their ends are noted and page_finish turns them round. */
#include "encode/page.h"

#include "base/check.h"
#include "encode/csv.h"
#include "encode/nested.h"
#include "encode/strip.h"
#include "encode/value.h"

static void write_member_name(struct buf *out, struct slice name)
{
    buf_json(out, name);
    buf_byte(out, ':');
}

/* Without so much as a bracket around the rows. */
static bool is_bare(const struct page_spec *spec)
{
    return spec->bare_object || spec->bare_value || spec->first_alone || spec->form != PAGE_JSON;
}

/* Most envelopes begin with their rows: their head can be written at once. Members declared before the rows are put before
 * them at the end, when their values are known. */
void page_init(struct page *page, const struct page_spec *spec, const struct envelope *envelope,
               struct arena *arena, size_t body_bytes_max)
{
    PRE(!envelope || envelope->count > 0);
    IMPLIES(spec->bare_value, spec->column_count > 0 && spec->form == PAGE_JSON);
    IMPLIES(spec->form != PAGE_JSON, !spec->reverse && !envelope);
    *page = (struct page){.spec = *spec, .arena = arena};
    buf_init(&page->body, body_bytes_max);
    buf_init(&page->scratch, body_bytes_max);
    page->goes_on = !spec->reverse && (!envelope || envelope->members[0].what == ENVELOPE_ROWS);
    if (spec->form == PAGE_CSV)
        csv_write_names(&page->body, spec);
    if (is_bare(spec))
        return;
    if (envelope && envelope->members[0].what == ENVELOPE_ROWS) {
        buf_byte(&page->body, '{');
        write_member_name(&page->body, envelope->members[0].name);
    }
    buf_byte(&page->body, '[');
    page->head_bytes = page->body.len;
}

static struct slice *keep(struct page *page, const struct slice *cells)
{
    struct slice *kept = ARENA_ARRAY(page->arena, struct slice, page->spec.order_count + 1);
    for (unsigned i = 0; i < page->spec.order_count; i++) {
        struct slice cell = cells[page->spec.order_cells[i]];
        kept[i] = cell.data ? arena_copy(page->arena, cell) : cell;
    }
    return kept;
}

/* Of the first row to come and of the one that fills the page. */
static void keep_order_cells(struct page *page, const struct slice *cells)
{
    if (page->spec.order_count == 0)
        return;
    struct slice **first = page->spec.reverse ? &page->last : &page->first;
    struct slice **last = page->spec.reverse ? &page->first : &page->last;
    if (page->rows == 0) {
        *first = *last = keep(page, cells);
        return;
    }
    if (page->rows + 1 == page->spec.limit)
        *last = keep(page, cells);
}

static void note_row_end(struct page *page)
{
    if (page->rows == page->row_ends_cap) {
        unsigned cap = page->row_ends_cap ? page->row_ends_cap * 2 : 128;
        size_t *ends = ARENA_ARRAY(page->arena, size_t, cap);
        if (page->rows)
            memcpy(ends, page->row_ends, page->rows * sizeof *ends);
        page->row_ends = ends;
        page->row_ends_cap = cap;
    }
    page->row_ends[page->rows] = page->body.len;
}

/* before: what stands in front of the next member. Of a row of no columns nothing is written. */
static void write_spread(struct buf *out, const struct page_spec *spec, const struct column *column,
                         struct slice cell, char *before)
{
    bool begins = *before == '{', first = begins;
    if (begins)
        buf_byte(out, '{');
    encode_member(out, spec->dialect, column, cell, &first);
    if (!first)
        *before = ',';
    else if (begins && out->len > 0)
        out->len--;
}

static void write_object(struct buf *out, const struct page_spec *spec, const struct slice *cells)
{
    char before = '{';
    for (unsigned i = 0; i < spec->column_count; i++) {
        const struct column *column = spec->columns[i];
        if (column->type.nested && column->type.nested->spread) {
            write_spread(out, spec, column, cells[i], &before);
            continue;
        }
        char *to = buf_room(out, column->json.len + 1);
        if (!to)
            return;
        *to = before;
        memcpy(to + 1, column->json.data, column->json.len);
        out->len += column->json.len + 1;
        encode_value(out, spec->dialect, &column->type, cells[i]);
        before = ',';
    }
    if (before == '{')
        buf_byte(out, '{');
    buf_byte(out, '}');
}

static void write_row(struct page *page, const struct slice *cells)
{
    struct buf *out = &page->body;
    const struct page_spec *spec = &page->spec;
    if (spec->form == PAGE_CSV) {
        csv_write_row(out, &page->scratch, spec, cells);
        return;
    }
    if (page->rows && spec->form == PAGE_JSON)
        buf_byte(out, ',');
    size_t begin = out->len;
    if (spec->bare_value || spec->bare_values)
        encode_value(out, spec->dialect, &spec->columns[0]->type, cells[0]);
    else
        write_object(out, spec, cells);
    if (spec->strip_nulls && !out->failed)
        out->len = begin + strip_nulls(out->data + begin, out->len - begin);
    if (spec->form == PAGE_NDJSON)
        buf_byte(out, '\n');
}

bool page_row(void *context, const struct slice *cells, unsigned count)
{
    struct page *page = context;
    PRE(count >= page->spec.column_count);
    if (page->spec.limit && page->rows == page->spec.limit) {
        page->more = true;
        return false;
    }
    if (!page->spec.first_alone || page->rows == 0)
        write_row(page, cells);
    keep_order_cells(page, cells);
    if (page->spec.reverse)
        note_row_end(page);
    page->rows++;
    if (page->body.failed)
        return false;
    IMPLIES(page->on_piece, page->goes_on);
    return !page->on_piece || page->body.len < page->piece_bytes || page->on_piece(page);
}

/* The rows in the order of the answer: copied once, from the last to the first. */
static void turn_round(struct page *page)
{
    PRE(page->rows <= page->row_ends_cap);
    struct buf turned;
    buf_init(&turned, page->body.max);
    buf_append(&turned, page->body.data, page->head_bytes);
    for (unsigned i = page->rows; i-- > 0;) {
        size_t from = i ? page->row_ends[i - 1] + 1 : page->head_bytes; /* behind the comma */
        buf_append(&turned, page->body.data + from, page->row_ends[i] - from);
        if (i)
            buf_byte(&turned, ',');
    }
    buf_done(&page->body);
    page->body = turned;
}

static void text_or_null(struct buf *out, struct slice text)
{
    if (text.data)
        buf_json(out, text);
    else
        buf_lit(out, "null");
}

static void number_or_null(struct buf *out, bool known, uint64_t number)
{
    if (known)
        buf_uint(out, number);
    else
        buf_lit(out, "null");
}

static void write_member(struct buf *out, const struct envelope_member *member,
                         const struct page_facts *facts)
{
    write_member_name(out, member->name);
    switch (member->what) {
    case ENVELOPE_PAGE:
        number_or_null(out, facts->page > 0, facts->page);
        break;
    case ENVELOPE_SIZE:
        buf_uint(out, facts->size);
        break;
    case ENVELOPE_TOTAL:
        number_or_null(out, facts->has_total, facts->total);
        break;
    case ENVELOPE_PAGES:
        number_or_null(out, facts->has_total, facts->pages);
        break;
    case ENVELOPE_NEXT:
        text_or_null(out, facts->next);
        break;
    case ENVELOPE_PREV:
        text_or_null(out, facts->prev);
        break;
    case ENVELOPE_MORE:
        buf_add(out, facts->more ? SLICE("true") : SLICE("false"));
        break;
    case ENVELOPE_ROWS:
        UNREACHABLE("the rows are written already");
    }
}

/* Members declared before the rows: the body is put together anew with them in front. */
static void write_members_before(struct page *page, const struct envelope *envelope, unsigned rows_at,
                                 const struct page_facts *facts)
{
    struct buf whole;
    buf_init(&whole, page->body.max);
    for (unsigned i = 0; i < rows_at; i++) {
        buf_byte(&whole, i ? ',' : '{');
        write_member(&whole, &envelope->members[i], facts);
    }
    buf_byte(&whole, ',');
    write_member_name(&whole, envelope->members[rows_at].name);
    buf_add(&whole, buf_slice(&page->body));
    whole.failed = whole.failed || page->body.failed;
    whole.no_memory = whole.no_memory || page->body.no_memory;
    buf_done(&page->body);
    page->body = whole;
}

static unsigned rows_member(const struct envelope *envelope)
{
    unsigned at = 0;
    while (at < envelope->count && envelope->members[at].what != ENVELOPE_ROWS)
        at++;
    POST(at < envelope->count);
    return at;
}

void page_done(struct page *page)
{
    buf_done(&page->body);
    buf_done(&page->scratch);
}

void page_finish(struct page *page, const struct envelope *envelope, const struct page_facts *facts)
{
    IMPLIES(envelope, facts);
    if (is_bare(&page->spec))
        return;
    if (page->spec.reverse && page->rows > 1 && !page->body.failed)
        turn_round(page);
    buf_byte(&page->body, ']');
    if (!envelope)
        return;
    unsigned rows_at = rows_member(envelope);
    if (rows_at)
        write_members_before(page, envelope, rows_at, facts);
    for (unsigned i = rows_at + 1; i < envelope->count; i++) {
        buf_byte(&page->body, ',');
        write_member(&page->body, &envelope->members[i], facts);
    }
    buf_byte(&page->body, '}');
}
