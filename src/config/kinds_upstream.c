/* SPDX-License-Identifier: Apache-2.0 */
/* `upstream:`, paths that other HTTP services answer. See walk.h. That a path is not another's too is seen in check.c. */
#include <limits.h>

#include "config/walk.h"
#include "http/chars.h"

#define UPSTREAM(member) .offset = offsetof(struct config_upstream, member)
#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define METHODS_ALL ((1u << HTTP_OTHER) - 1)

enum { FIELDS_MAX = 32 };

static const struct config_upstream defaults = {
    .methods = METHODS_ALL,
    .connect_ms = 2 * SECOND,
    .timeout_ms = 30 * SECOND,
    .whole_ms = 600 * SECOND,
    .rate_min = 500,
    .retries = 1,
    .concurrent_max = 256,
    .breaker_failures = 5,
    .breaker_window_ms = 10 * SECOND,
    .breaker_open_ms = 5 * SECOND,
    .body_bytes_max = 64 * (uint64_t)MIB,
    .answer_bytes_max = (uint64_t)GIB,
};

void upstream_defaults(struct config_upstream *ret_upstream)
{
    *ret_upstream = defaults;
}

/* --- methods: [GET, POST] --- */

static const struct slice method_names[HTTP_OTHER] = {
    [HTTP_GET] = SLICE_INIT("GET"),         [HTTP_HEAD] = SLICE_INIT("HEAD"),
    [HTTP_POST] = SLICE_INIT("POST"),       [HTTP_PUT] = SLICE_INIT("PUT"),
    [HTTP_PATCH] = SLICE_INIT("PATCH"),     [HTTP_DELETE] = SLICE_INIT("DELETE"),
    [HTTP_OPTIONS] = SLICE_INIT("OPTIONS"),
};

static unsigned method_bit(struct slice name)
{
    for (unsigned i = 0; i < HTTP_OTHER; i++)
        if (slice_eq(name, method_names[i]))
            return 1u << i;
    return 0;
}

/* GET brings HEAD along. */
static void read_methods(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    unsigned methods = 0;
    bool good = node->kind == NODE_LIST && node->count > 0;
    for (const struct node *item = node->first; good && item; item = item->next) {
        unsigned bit = item->kind == NODE_TEXT ? method_bit(item->text) : 0;
        methods |= bit | (bit == 1u << HTTP_GET ? 1u << HTTP_HEAD : 0);
        good = bit != 0;
    }
    if (good)
        *(unsigned *)field = methods;
    else
        walk_expected(walk, node, key->name, key->kind->expected);
}

static void print_methods(struct printer *printer, const struct key *key, const void *field)
{
    unsigned methods = *(const unsigned *)field, printed = 0;
    print_name(printer, key->name);
    buf_lit(printer->out, " [");
    for (unsigned i = 0; i < HTTP_OTHER; i++)
        if (methods & 1u << i)
            buf_format(printer->out, "%s" SLICE_FMT, printed++ ? ", " : "", SLICE_ARG(method_names[i]));
    buf_lit(printer->out, "]\n");
}

static const struct kind kind_methods = {.expected =
                                             "a list of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS",
                                         .read = read_methods,
                                         .print = print_methods};

/* --- drop: [Cookie]; add: {X-Api-Key: '${KEY}'} --- */

/* What frames a message or names its host is libcurl's and Leat's alone. */
static bool name_is_good(struct slice name)
{
    static const char *const kept[] = {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect",
                                       "TE",   "Trailer",        "Upgrade",           "Keep-Alive"};
    if (!char_all(name, CHAR_TOKEN))
        return false;
    for (unsigned i = 0; i < ARRAY_LEN(kept); i++)
        if (slice_eq_nocase(name, slice_str(kept[i])))
            return false;
    return true;
}

static void read_drop(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_upstream *upstream = field;
    bool good = node->kind == NODE_LIST && node->count <= FIELDS_MAX;
    upstream->drop = ARENA_ARRAY(walk->arena, struct slice, FIELDS_MAX + 1);
    upstream->drop_count = 0;
    for (const struct node *item = node->first; good && item; item = item->next) {
        good = item->kind == NODE_TEXT && name_is_good(item->text);
        upstream->drop[upstream->drop_count++] = item->text;
    }
    if (!good)
        walk_expected(walk, node, key->name, key->kind->expected);
}

static void print_drop(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_upstream *upstream = field;
    if (upstream->drop_count == 0)
        return;
    print_name(printer, key->name);
    for (unsigned i = 0; i < upstream->drop_count; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(" ["));
        config_print_text(printer->out, upstream->drop[i]);
    }
    buf_lit(printer->out, "]\n");
}

static const struct kind kind_drop = {.expected = "names of head fields such as `[Cookie]`",
                                      .read = read_drop,
                                      .print = print_drop};

static bool field_is_good(const struct node *node)
{
    return node->kind == NODE_TEXT && name_is_good(node->key) && node->text.len > 0 &&
           char_span(node->text, CHAR_VALUE) == node->text.len &&
           slice_trim(node->text).len == node->text.len;
}

static void read_add(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_upstream *upstream = field;
    bool good = node->kind == NODE_MAP && node->count <= FIELDS_MAX;
    upstream->add = ARENA_ARRAY(walk->arena, struct http_field, FIELDS_MAX + 1);
    upstream->add_count = 0;
    if (!good)
        walk_expected(walk, node, key->name, key->kind->expected);
    for (const struct node *child = node->first; good && child; child = child->next) {
        good = field_is_good(child);
        upstream->add[upstream->add_count++] = (struct http_field){.name = child->key, .value = child->text};
        if (!good) /* its value may be a secret */
            complain(walk->complaints, child->key_at,
                     "`add`: `" SLICE_FMT "` and its value make no head field "
                     "that can be added: expected %s",
                     SLICE_ARG(child->key), key->kind->expected);
    }
}

/* Values may be secrets. */
static void print_add(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_upstream *upstream = field;
    if (upstream->add_count == 0)
        return;
    print_name(printer, key->name);
    for (unsigned i = 0; i < upstream->add_count; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(" {"));
        print_key(printer->out, upstream->add[i].name);
        buf_lit(printer->out, ": \"***\"");
    }
    buf_lit(printer->out, "}\n");
}

const struct kind kind_service_add = {.expected = "head fields such as `{X-Api-Key: secret}`",
                                      .read = read_add,
                                      .print = print_add};

/* --- url: http://127.0.0.1:9000/parse --- */

static bool authority_is_good(struct slice authority)
{
    struct slice port = authority, host = slice_cut(&port, ':');
    int64_t number = 0;
    if (slice_starts(authority, SLICE("["))) {
        size_t close = slice_find(authority, ']');
        host = slice_of(authority.data, close < authority.len ? close + 1 : 0);
        port = slice_skip(authority, host.len);
        bool bare = port.len == 0;
        if (host.len < 4 || (!bare && port.data[0] != ':'))
            return false;
        port = bare ? (struct slice){0} : slice_skip(port, 1);
    } else if (!char_all(host, CHAR_HOST)) {
        return false;
    }
    return !port.data || (slice_to_int(port, &number) && number > 0 && number < 65536);
}

/* Dot segments would make it another path than it says. */
static bool base_is_good(struct slice base)
{
    if (base.len && (base.data[0] != '/' || char_span(base, CHAR_PATH) < base.len))
        return false;
    for (struct slice rest = slice_skip(base, 1); rest.data && rest.len;) {
        struct slice segment = slice_cut(&rest, '/');
        if (segment.len == 0 || slice_eq(segment, SLICE(".")) || slice_eq(segment, SLICE("..")))
            return false;
    }
    return true;
}

static bool url_cut(struct slice url, struct config_upstream *upstream)
{
    size_t scheme = slice_starts(url, SLICE("http://")) ? 7 : slice_starts(url, SLICE("https://")) ? 8 : 0;
    size_t authority = slice_find(slice_skip(url, scheme), '/');
    upstream->origin = slice_of(url.data, scheme + authority);
    upstream->base = slice_skip(url, scheme + authority);
    return scheme && authority_is_good(slice_skip(upstream->origin, scheme)) && base_is_good(upstream->base);
}

static void read_url(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_upstream *upstream = field;
    if (node->kind == NODE_TEXT && memchr(node->text.data, '@', node->text.len))
        complain(walk->complaints, node->at, /* it is not repeated: there may be a password in it */
                 "`%s`: a name or password has no place in it: send one by `add: {Authorization: …}`",
                 key->name);
    else if (node->kind != NODE_TEXT || !url_cut(node->text, upstream))
        walk_expected(walk, node, key->name, key->kind->expected);
    else
        upstream->url = walk_word(node);
}

static void print_url(struct printer *printer, const struct key *key, const void *field)
{
    kind_text.print(printer, key, &((const struct config_upstream *)field)->url);
}

const struct kind kind_service_url = {
    .expected = "where the service is, such as `http://127.0.0.1:9000` or `https://example.com/parse`",
    .read = read_url,
    .print = print_url};

/* --- the mapping --- */

static const struct key breaker_keys[] = {
    {"failures", &kind_count, UPSTREAM(breaker_failures), .low = 1, .high = 1000000, .zero = "off"},
    {"window", &kind_duration, UPSTREAM(breaker_window_ms), .low = 10, .high = HOUR},
    {"open", &kind_duration, UPSTREAM(breaker_open_ms), .low = 10, .high = HOUR},
    {0},
};
const struct section section_breaker = {"upstream.PATH.breaker", breaker_keys};

static const char *const authorization_words[] = {"drop", "pass", NULL};

static const struct key upstream_keys[] = {
    {.name = "url", .kind = &kind_service_url},
    {"read", &kind_roles, UPSTREAM(read)},
    {"write", &kind_roles, UPSTREAM(write)},
    {"methods", &kind_methods, UPSTREAM(methods)},
    {"connect", &kind_duration, UPSTREAM(connect_ms), .low = 10, .high = HOUR},
    {"timeout", &kind_duration, UPSTREAM(timeout_ms), .low = 10, .high = DAY},
    {"whole", &kind_duration, UPSTREAM(whole_ms), .low = 10, .high = 7 * DAY, .zero = "off"},
    {"rate", &kind_rate, UPSTREAM(rate_min), .low = 0, .high = GIB},
    {"retries", &kind_count, UPSTREAM(retries), .low = 0, .high = 5},
    {"concurrent", &kind_count, UPSTREAM(concurrent_max), .low = 1, .high = 100000},
    {"breaker", &kind_section, .section = &section_breaker},
    {"body_bytes", &kind_bytes, UPSTREAM(body_bytes_max), .low = 0, .high = 1024 * GIB},
    {"answer_bytes", &kind_bytes, UPSTREAM(answer_bytes_max), .low = 0, .high = 1024 * GIB},
    {"authorization", &kind_either, UPSTREAM(authorization), .choices = authorization_words},
    {.name = "drop", .kind = &kind_drop},
    {.name = "add", .kind = &kind_service_add},
    {"cache", &kind_cache, UPSTREAM(cache)},
    {"tables", &kind_tables, UPSTREAM(tables)},
    {"limits", &kind_limits, UPSTREAM(limits)},
    {0},
};
const struct section section_upstream = {"upstream.PATH", upstream_keys};

static bool path_is_good(struct slice path)
{
    if (!slice_starts(path, SLICE("/")))
        return false;
    for (struct slice rest = slice_skip(path, 1); rest.data && rest.len;) {
        struct slice segment = slice_cut(&rest, '/');
        const char *refused = name_refused(segment);
        if (refused && !name_is_reserved(segment))
            return false;
    }
    return true;
}

static void check_one(struct walk *walk, const struct config_upstream *upstream)
{
    struct slice path = upstream->path.text;
    if (!path_is_good(path))
        complain(walk->complaints, upstream->path.at,
                 "`upstream`: found `" SLICE_FMT
                 "`, expected a path such as `/api/parse`, or a prefix such as `/legacy/`",
                 SLICE_ARG(path));
    else if (upstream->is_prefix && upstream->base.len && !slice_ends(upstream->base, SLICE("/")))
        complain(walk->complaints, upstream->url.at,
                 "`url`: `" SLICE_FMT
                 "` is a prefix: expected a URL that ends in a slash too, or has no path",
                 SLICE_ARG(path));
}

static void read_one(struct walk *walk, const struct key *key, const struct node *node,
                     struct config_upstream *upstream)
{
    unsigned before = complaints_errors(walk->complaints);
    *upstream = defaults;
    upstream->path = (struct word){.text = node->key, .at = node->key_at};
    upstream->is_prefix = slice_ends(node->key, SLICE("/"));
    upstream->read = walk->config->read;
    upstream->write = walk->config->write;
    upstream->cache = walk->config->cache.policy;
    upstream->cache.list_ms = upstream->cache.row_ms = 0;
    const struct key url = {.name = "url", .kind = &kind_service_url};
    if (node->kind == NODE_TEXT)
        read_url(walk, &url, node, upstream);
    else
        walk_section(walk, &section_upstream, node,
                     arena_format(walk->arena, "`" SLICE_FMT "`", SLICE_ARG(node->key)).data, upstream);
    bool good = complaints_errors(walk->complaints) == before;
    if (good && !upstream->url.text.data)
        complain(walk->complaints, node->key_at, "`%s`: `" SLICE_FMT "` has no `url`: expected %s", key->name,
                 SLICE_ARG(node->key), kind_service_url.expected);
    else if (good)
        check_one(walk, upstream);
}

static void read_upstreams(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config *config = field;
    if (node->kind != NODE_MAP) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    config->upstreams = ARENA_ARRAY(walk->arena, struct config_upstream, node->count + 1);
    config->upstream_count = 0;
    for (const struct node *child = node->first; child; child = child->next)
        read_one(walk, key, child, &config->upstreams[config->upstream_count++]);
}

static void print_upstreams(struct printer *printer, const struct key *key, const void *field)
{
    const struct config *config = field;
    if (config->upstream_count == 0)
        return;
    print_name(printer, key->name);
    buf_byte(printer->out, '\n');
    printer->indent += 2;
    for (unsigned i = 0; i < config->upstream_count; i++) {
        buf_format(printer->out, "%*s", (int)printer->indent, "");
        print_key(printer->out, config->upstreams[i].path.text);
        buf_lit(printer->out, ":\n");
        printer->indent += 2;
        print_section(printer, &section_upstream, &config->upstreams[i]);
        printer->indent -= 2;
    }
    printer->indent -= 2;
}

const struct kind kind_upstreams = {
    .expected = "paths and the services that answer them, such as `{/api/parse: 'http://127.0.0.1:9000'}`",
    .read = read_upstreams,
    .print = print_upstreams};
