/* SPDX-License-Identifier: Apache-2.0 */
/* The head of another service's answer: what of it a client is told, and whether the answer may be kept. */
#include "request/upstream_head.h"

#include "http/writer.h"
#include "request/worker.h"
#include "upstream/fields.h"

enum { LINES_BYTES_MAX = 256 * 1024, SECONDS_MAX = 366 * 86400 };

static const struct config_upstream *config_of(const struct request *request)
{
    PRE(request->route.kind == ROUTE_UPSTREAM);
    return request->route.upstream;
}

/* `text` with `to` in the place of `from`, which it begins with. */
static struct slice moved(struct request *request, struct slice text, size_t from_bytes, struct slice to)
{
    struct slice rest = slice_skip(text, from_bytes);
    return arena_format(&request->arena, SLICE_FMT SLICE_FMT, SLICE_ARG(to), SLICE_ARG(rest));
}

/* A place of the service's is one of ours, where it lies under what we serve of it; all others stay as they are. */
static struct slice location_of(struct request *request, struct slice location)
{
    const struct config_upstream *config = config_of(request);
    struct slice path = location;
    if (slice_starts(location, config->origin)) {
        path = slice_skip(location, config->origin.len);
        if (path.len && path.data[0] != '/')
            return location; /* another port, or a longer name */
    }
    if (!config->base.len)
        return path.len ? path : SLICE("/");
    bool ours =
        config->is_prefix
            ? slice_starts(path, config->base)
            : slice_eq(path, config->base) ||
                  slice_starts(path, arena_format(&request->arena, SLICE_FMT "?", SLICE_ARG(config->base)));
    return ours ? moved(request, path, config->base.len, config->path.text) : location;
}

static bool is_among(struct slice name, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq_nocase(name, names[i]))
            return true;
    return false;
}

/* What Leat says itself of an answer that it keeps. */
static bool is_of_caching(struct slice name)
{
    static const struct slice names[] = {SLICE_INIT("ETag"),      SLICE_INIT("Last-Modified"),
                                         SLICE_INIT("Expires"),   SLICE_INIT("Cache-Control"),
                                         SLICE_INIT("Age"),       SLICE_INIT("Pragma"),
                                         SLICE_INIT("Set-Cookie")};
    return is_among(name, names, ARRAY_LEN(names));
}

/* What Leat says itself. */
static bool is_ours(const struct request *request, struct slice name)
{
    static const struct slice names[] = {SLICE_INIT("Content-Length"), SLICE_INIT("Content-Type"),
                                         SLICE_INIT("Date"), SLICE_INIT("X-Request-Id")};
    if (is_among(name, names, ARRAY_LEN(names)))
        return true;
    struct slice start = slice_of(name.data, name.len < 15 ? name.len : 15);
    return request->answer.cors.configured && slice_eq_nocase(start, SLICE("Access-Control-"));
}

/* The directive's value; data NULL: it is not there; empty: it has none. */
static struct slice directive(struct slice cache_control, struct slice name)
{
    struct slice item;
    while (http_list_next(&cache_control, &item)) {
        struct slice value = item, found = slice_trim(slice_cut(&value, '='));
        if (slice_eq_nocase(found, name))
            return value.data ? slice_trim(value) : SLICE("");
    }
    return (struct slice){0};
}

/* A tag of the service's is of its very bytes; one that Leat keeps has a tag of Leat's. */
static bool seals(const struct http_field *field, bool kept)
{
    if (slice_eq_nocase(field->name, SLICE("Content-Encoding")))
        return true;
    if (slice_eq_nocase(field->name, SLICE("ETag")))
        return !kept;
    return field->known == HTTP_CACHE_CONTROL && directive(field->value, SLICE("no-transform")).data;
}

static void write_field(struct request *request, struct buf *lines, const struct http_field *field, bool kept)
{
    struct answer *answer = &request->answer;
    struct slice value = field->value;
    if (slice_eq_nocase(field->name, SLICE("Content-Type")) && !answer->type.len)
        answer->type = arena_copy(&request->arena, value);
    if (slice_eq_nocase(field->name, SLICE("Location")))
        value = location_of(request, value);
    answer->sealed = answer->sealed || seals(field, kept);
    if (!is_ours(request, field->name) && !(kept && is_of_caching(field->name)))
        http_write_field(lines, field->name, value);
}

bool upstream_head_tell(struct request *request, const struct upstream_answer *from, bool kept)
{
    struct answer *answer = &request->answer;
    struct http_field fields[HTTP_FIELDS_MAX];
    struct buf lines;
    memcpy(fields, from->fields, from->field_count * sizeof *fields);
    unsigned count = upstream_fields_end_to_end(fields, from->field_count);
    buf_init(&lines, LINES_BYTES_MAX);
    if (!kept)
        answer->caching = (struct caching){0};
    answer->foreign = true;
    answer->status = from->status;
    for (unsigned i = 0; i < count; i++)
        write_field(request, &lines, &fields[i], kept);
    answer->fields = arena_copy(&request->arena, buf_slice(&lines));
    bool told = !lines.failed;
    buf_done(&lines);
    return told;
}

/* --- whether it may be kept --- */

/* Seconds as a directive says them; what is malformed is as if it were 0 (RFC 9111 section 4.2.1). */
static int64_t seconds_of(struct slice text)
{
    int64_t seconds;
    if (!slice_to_int(text, &seconds) || seconds < 0)
        return 0;
    return seconds < SECONDS_MAX ? seconds : SECONDS_MAX;
}

static bool cache_control_allows(struct slice value, int64_t *ttl_ms)
{
    static const struct slice no[] = {SLICE_INIT("no-store"), SLICE_INIT("private"), SLICE_INIT("no-cache")};
    for (unsigned i = 0; i < ARRAY_LEN(no); i++)
        if (directive(value, no[i]).data)
            return false;
    struct slice shared = directive(value, SLICE("s-maxage")), all = directive(value, SLICE("max-age"));
    if (shared.data)
        *ttl_ms = seconds_of(shared) * 1000;
    else if (all.data)
        *ttl_ms = seconds_of(all) * 1000;
    return *ttl_ms > 0;
}

/* What the key is made of, and what does not go to the service. */
static bool vary_allows(struct slice value)
{
    static const struct slice good[] = {SLICE_INIT("Accept"), SLICE_INIT("Accept-Language"),
                                        SLICE_INIT("Accept-Encoding")};
    struct slice item;
    while (http_list_next(&value, &item))
        if (!is_among(item, good, ARRAY_LEN(good)))
            return false;
    return true;
}

bool upstream_head_may_be_kept(const struct upstream_answer *from, int64_t *ret_ttl_ms)
{
    bool allowed = from->status == 200 || from->status == 404;
    int64_t ttl_ms = INT64_MAX;
    if (from->status >= 500) {
        *ret_ttl_ms = ttl_ms;
        return true;
    }
    for (unsigned i = 0; allowed && i < from->field_count; i++) {
        const struct http_field *field = &from->fields[i];
        if (field->known == HTTP_CACHE_CONTROL)
            allowed = cache_control_allows(field->value, &ttl_ms);
        else if (slice_eq_nocase(field->name, SLICE("Vary")))
            allowed = vary_allows(field->value);
        else if (slice_eq_nocase(field->name, SLICE("Set-Cookie")))
            allowed = false;
    }
    *ret_ttl_ms = ttl_ms;
    return allowed;
}
