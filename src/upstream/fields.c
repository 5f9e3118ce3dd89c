/* SPDX-License-Identifier: Apache-2.0 */
/* See fields.h. Traces: https://www.w3.org/TR/trace-context/ — a request that bears a `traceparent` keeps its trace, and Leat's
 * request id becomes the parent of what the service does; one that bears none begins a trace. It fails only as its arena does. */
#include "upstream/fields.h"

#include "base/map.h"
#include "http/chars.h"

/* Fields that Leat may add: X-Forwarded-*, X-Request-Id, traceparent. */
enum { OWN_FIELDS_MAX = 5, TRACEPARENT_BYTES = 55 };

static bool is_among(struct slice name, const struct slice *names, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (slice_eq_nocase(name, names[i]))
            return true;
    return false;
}

static bool is_of_connection(struct slice name)
{
    static const struct slice names[] = {
        SLICE_INIT("Connection"),
        SLICE_INIT("Keep-Alive"),
        SLICE_INIT("Proxy-Connection"),
        SLICE_INIT("Proxy-Authenticate"),
        SLICE_INIT("TE"),
        SLICE_INIT("Proxy-Authorization"),
        SLICE_INIT("Trailer"),
        SLICE_INIT("Proxy-Authentication-Info"),
        SLICE_INIT("Upgrade"),
        SLICE_INIT("Transfer-Encoding"),
        SLICE_INIT("HTTP2-Settings"),
    };
    return is_among(name, names, ARRAY_LEN(names));
}

static bool is_named_by_connection(struct slice name, const struct http_field *fields, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct slice rest = fields[i].value, item;
        if (!slice_eq_nocase(fields[i].name, SLICE("Connection")))
            continue;
        while (http_list_next(&rest, &item))
            if (slice_eq_nocase(item, name))
                return true;
    }
    return false;
}

unsigned upstream_fields_end_to_end(struct http_field *fields, unsigned count)
{
    unsigned kept = 0, of_connection = 0;
    PRE(count <= HTTP_FIELDS_MAX);
    bool drop[HTTP_FIELDS_MAX];
    for (unsigned i = 0; i < count; i++) {
        drop[i] = is_of_connection(fields[i].name) || is_named_by_connection(fields[i].name, fields, count);
        of_connection += drop[i];
    }
    for (unsigned i = 0; i < count; i++)
        if (!drop[i])
            fields[kept++] = fields[i];
    POST(kept + of_connection == count);
    return kept;
}

/* What Leat writes itself, or answers itself: the coding of answers is its own business with its clients. */
static bool is_ours(struct slice name)
{
    static const struct slice names[] = {
        SLICE_INIT("Host"),
        SLICE_INIT("Content-Length"),
        SLICE_INIT("Expect"),
        SLICE_INIT("Accept-Encoding"),
        SLICE_INIT("X-Forwarded-For"),
        SLICE_INIT("X-Forwarded-Proto"),
        SLICE_INIT("X-Forwarded-Host"),
        SLICE_INIT("X-Forwarded-Port"),
        SLICE_INIT("X-Forwarded-Server"),
        SLICE_INIT("X-Forwarded-Prefix"),
        SLICE_INIT("Forwarded"),
        SLICE_INIT("X-Real-IP"),
        SLICE_INIT("X-Request-Id"),
        SLICE_INIT("traceparent"),
    };
    return is_among(name, names, ARRAY_LEN(names)) || slice_find(name, '_') < name.len;
}

static bool is_condition(struct slice name)
{
    static const struct slice names[] = {SLICE_INIT("If-None-Match"), SLICE_INIT("If-Modified-Since"),
                                         SLICE_INIT("If-Match"),      SLICE_INIT("If-Unmodified-Since"),
                                         SLICE_INIT("If-Range"),      SLICE_INIT("Range")};
    return is_among(name, names, ARRAY_LEN(names));
}

static bool is_added(struct slice name, const struct upstream_from *from)
{
    for (unsigned i = 0; i < from->add_count; i++)
        if (slice_eq_nocase(name, from->add[i].name))
            return true;
    return false;
}

static bool stays_here(struct slice name, const struct upstream_from *from)
{
    return is_ours(name) || is_among(name, from->drop, from->drop_count) || is_added(name, from) ||
           (from->whole && is_condition(name)) ||
           (!from->authorization && slice_eq_nocase(name, SLICE("Authorization")));
}

/* "00-" trace "-" parent "-" flags, of version 00 exactly: what is another version's is begun anew. */
static bool is_traceparent(struct slice text)
{
    if (text.len != TRACEPARENT_BYTES || !slice_starts(text, SLICE("00-")) || text.data[35] != '-' ||
        text.data[52] != '-')
        return false;
    bool zero = true;
    for (size_t i = 3; i < text.len; i++) {
        bool dash = i == 35 || i == 52, upper = text.data[i] >= 'A' && text.data[i] <= 'F';
        if (!dash && (char_hex(text.data[i]) < 0 || upper))
            return false;
        zero = zero && (i >= 35 || text.data[i] == '0');
    }
    return !zero;
}

static struct slice traceparent_of(const struct http_head *head, struct slice id, struct arena *arena)
{
    struct slice given = http_head_get(head, HTTP_TRACEPARENT);
    if (is_traceparent(given))
        return arena_format(arena, "%.*s-%.*s-%.*s", 35, given.data, (int)id.len, id.data, 2,
                            given.data + 53);
    return arena_format(arena, "00-%016llx%.*s-%.*s-01", (unsigned long long)hash_bytes(id) | 1, (int)id.len,
                        id.data, (int)id.len, id.data);
}

static void put(struct http_field *fields, unsigned *count, struct slice name, struct slice value)
{
    if (value.len)
        fields[(*count)++] = (struct http_field){.name = name, .value = value};
}

struct http_field *upstream_fields_of_request(const struct http_head *head, const struct upstream_from *from,
                                              struct arena *arena, unsigned *ret_count)
{
    PRE(from->request_id.len == 16);
    unsigned count = 0, most = head->field_count + from->add_count + OWN_FIELDS_MAX;
    struct http_field *fields = ARENA_ARRAY(arena, struct http_field, most);
    struct slice trace = traceparent_of(head, from->request_id, arena);
    if (head->field_count)
        memcpy(fields, head->fields, head->field_count * sizeof *fields);
    unsigned passing = upstream_fields_end_to_end(fields, head->field_count);
    for (unsigned i = 0; i < passing; i++)
        if (!stays_here(fields[i].name, from))
            fields[count++] = fields[i];
    put(fields, &count, SLICE("X-Forwarded-For"), from->address);
    put(fields, &count, SLICE("X-Forwarded-Proto"), from->proto);
    put(fields, &count, SLICE("X-Forwarded-Host"), head->host);
    put(fields, &count, SLICE("X-Request-Id"), from->request_id);
    put(fields, &count, SLICE("traceparent"), trace);
    for (unsigned i = 0; i < from->add_count; i++)
        fields[count++] = from->add[i];
    POST(count <= most);
    *ret_count = count;
    return fields;
}
