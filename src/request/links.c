/* SPDX-License-Identifier: Apache-2.0 */
/* The Link header of a page (RFC 8288): `next` and `prev` as relative references that repeat the request's own query but for
 * what places the page. */
#include "request/links.h"
#include "http/path.h"

/* What the link says itself; by_offset: how long a page is, too. */
static bool places_page(struct slice name, bool by_offset)
{
    static const char *const names[] = {"cursor", "offset", "page", "limit", "page_size"};
    size_t count = by_offset ? ARRAY_LEN(names) : 3;
    for (size_t i = 0; i < count; i++)
        if (slice_eq(name, slice_str(names[i])))
            return true;
    return false;
}

/* Bytes that may not stand in `<…>`, though a lenient client may have sent them. */
static void add_safe(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '<' || c == '>' || c == '"')
            buf_format(out, "%%%02X", (unsigned)(unsigned char)c);
        else
            buf_byte(out, c);
    }
}

/* place: "page=3" */
static void write_link(struct buf *out, const struct request *request, struct slice place,
                       const char *relation)
{
    if (out->len)
        buf_lit(out, ", ");
    buf_lit(out, "<?");
    struct slice rest = request->query_string, part, part_value;
    while (http_query_next(&rest, &part, &part_value)) {
        if (places_page(part, request->plan->by_offset))
            continue;
        add_safe(out, part);
        buf_byte(out, '=');
        add_safe(out, part_value);
        buf_byte(out, '&');
    }
    buf_format(out, SLICE_FMT ">; rel=\"%s\"", SLICE_ARG(place), relation);
}

static void link_cursor(struct buf *out, struct request *request, struct slice cursor, const char *relation)
{
    if (cursor.data)
        write_link(out, request, arena_format(&request->arena, "cursor=" SLICE_FMT, SLICE_ARG(cursor)),
                   relation);
}

static void link_page(struct buf *out, struct request *request, uint64_t page, const char *relation)
{
    write_link(out, request, arena_format(&request->arena, "page=%llu", (unsigned long long)page), relation);
}

static void link_pages(struct buf *out, struct request *request, const struct page_facts *facts)
{
    if (facts->more)
        link_page(out, request, facts->page + 1, "next");
    if (facts->page > 1)
        link_page(out, request, facts->page - 1, "prev");
}

static void link_rows(struct buf *out, struct request *request, uint64_t limit, uint64_t offset,
                      const char *relation)
{
    struct slice place = arena_format(&request->arena, "limit=%llu&offset=%llu", (unsigned long long)limit,
                                      (unsigned long long)offset);
    write_link(out, request, place, relation);
}

/* An offset need be no page's: as many rows behind it, and those before it, of which there may be fewer. */
static void link_offsets(struct buf *out, struct request *request, bool more)
{
    uint64_t limit = request->plan->limit, offset = request->plan->offset;
    uint64_t before = offset < limit ? offset : limit;
    if (more)
        link_rows(out, request, limit, offset + limit, "next");
    if (before > 0)
        link_rows(out, request, before, offset - before, "prev");
}

struct slice links_write(struct request *request, const struct page_facts *facts)
{
    const struct plan *plan = request->plan;
    struct buf out;
    buf_init(&out, 8192); /* a longer one is left out */
    link_cursor(&out, request, facts->next, "next");
    link_cursor(&out, request, facts->prev, "prev");
    if (plan->by_offset)
        link_offsets(&out, request, facts->more);
    else if (plan->by_number && facts->page > 0)
        link_pages(&out, request, facts);
    struct slice link = {0};
    if (out.len && !out.failed)
        link = arena_copy(&request->arena, buf_slice(&out));
    buf_done(&out);
    return link;
}
