/* SPDX-License-Identifier: Apache-2.0 */
/* The Link header of a page (RFC 8288): `next` and `prev` as relative references that repeat the request's own query but for
 * what places the page. */
#include <stdio.h>

#include "http/path.h"
#include "request/links.h"

static bool places_page(struct slice name)
{
    return slice_eq(name, SLICE("cursor")) || slice_eq(name, SLICE("offset")) ||
           slice_eq(name, SLICE("page"));
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

static void write_link(struct buf *out, struct slice query, struct slice name, struct slice value,
                       const char *relation)
{
    if (out->len)
        buf_lit(out, ", ");
    buf_lit(out, "<?");
    struct slice rest = query, part, part_value;
    while (http_query_next(&rest, &part, &part_value)) {
        if (places_page(part))
            continue;
        add_safe(out, part);
        buf_byte(out, '=');
        add_safe(out, part_value);
        buf_byte(out, '&');
    }
    buf_format(out, SLICE_FMT "=" SLICE_FMT ">; rel=\"%s\"", SLICE_ARG(name), SLICE_ARG(value), relation);
}

static void write_page(struct buf *out, struct slice query, uint64_t page, const char *relation)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)page);
    write_link(out, query, SLICE("page"), slice_str(text), relation);
}

struct slice links_write(struct request *request, const struct page_facts *facts)
{
    struct buf out;
    buf_init(&out, 8192); /* a longer one is left out */
    struct slice query = request->query_string;
    if (facts->next.data)
        write_link(&out, query, SLICE("cursor"), facts->next, "next");
    if (facts->prev.data)
        write_link(&out, query, SLICE("cursor"), facts->prev, "prev");
    if (request->plan->by_number && facts->page > 0) {
        if (facts->more)
            write_page(&out, query, facts->page + 1, "next");
        if (facts->page > 1)
            write_page(&out, query, facts->page - 1, "prev");
    }
    struct slice link = {0};
    if (out.len && !out.failed)
        link = arena_copy(&request->arena, buf_slice(&out));
    buf_done(&out);
    return link;
}
