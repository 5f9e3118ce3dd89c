/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to listen on, networks of trusted proxies, the prefixes that are served, and origins that pages may come from.
 * See walk.h. */
#include <arpa/inet.h>

#include "config/walk.h"

enum { ADDRESS_BYTES_MAX = 64, LIST_MAX = 64 };

/* The texts of a list, or the one text; 0 and a complaint when it is neither. */
static unsigned texts_of(struct walk *walk, const struct key *key, const struct node *node,
                         const struct node *ret_texts[LIST_MAX])
{
    if (node->kind == NODE_TEXT && !node_is_nothing(node)) {
        ret_texts[0] = node;
        return 1;
    }
    unsigned count = 0;
    bool good = node->kind == NODE_LIST && node->count <= LIST_MAX;
    for (const struct node *item = node->first; good && item; item = item->next) {
        good = item->kind == NODE_TEXT && item->text.len > 0;
        ret_texts[count++] = item;
    }
    if (!good || count == 0)
        walk_expected(walk, node, key->name, key->kind->expected);
    return good ? count : 0;
}

/* "127.0.0.1:8080", "[::1]:8080" */
static bool is_address(struct slice text)
{
    char host[ADDRESS_BYTES_MAX] = {0};
    struct in6_addr ignored;
    int64_t port;
    size_t colon = text.len;
    while (colon > 0 && text.data[colon - 1] != ':')
        colon--;
    if (colon == 0 || colon > sizeof host || !slice_to_int(slice_skip(text, colon), &port) || port < 0 ||
        port > 65535)
        return false;
    struct slice name = slice_of(text.data, colon - 1);
    bool brackets = slice_starts(name, SLICE("[")) && slice_ends(name, SLICE("]"));
    if (brackets)
        name = slice_of(name.data + 1, name.len - 2);
    memcpy(host, name.data, name.len);
    return inet_pton(brackets ? AF_INET6 : AF_INET, host, &ignored) == 1;
}

static void read_listen(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    (void)field;
    const struct node *texts[LIST_MAX];
    unsigned count = texts_of(walk, key, node, texts);
    struct word *listen = ARENA_ARRAY(walk->arena, struct word, count ? count : 1);
    for (unsigned i = 0; i < count; i++) {
        if (!is_address(texts[i]->text)) {
            walk_expected(walk, texts[i], key->name, key->kind->expected);
            return;
        }
        listen[i] = walk_word(texts[i]);
    }
    if (count) {
        walk->config->listen = listen;
        walk->config->listen_count = count;
    }
}

static void print_listen(struct printer *printer, const struct key *key, const void *field)
{
    const struct config *config = field;
    print_name(printer, key->name);
    for (unsigned i = 0; i < config->listen_count; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(" ["));
        config_print_text(printer->out, config->listen[i].text);
    }
    buf_lit(printer->out, "]\n");
}

const struct kind kind_listen = {
    .expected = "an address and a port such as `127.0.0.1:8080` or `[::1]:8080`, or a list of them",
    .read = read_listen,
    .print = print_listen};

static void read_address(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    if (node->kind == NODE_TEXT && is_address(node->text))
        *(struct word *)field = walk_word(node);
    else
        walk_expected(walk, node, key->name, key->kind->expected);
}

static void print_address(struct printer *printer, const struct key *key, const void *field)
{
    const struct word *address = field;
    if (!address->text.data)
        return;
    print_name(printer, key->name);
    buf_byte(printer->out, ' ');
    config_print_text(printer->out, address->text);
    buf_byte(printer->out, '\n');
}

const struct kind kind_address = {.expected =
                                      "an address and a port such as `127.0.0.1:9090` or `[::1]:9090`",
                                  .read = read_address,
                                  .print = print_address};

/* "10.0.0.0/8", "127.0.0.1", "fd00::/8"; IPv4 becomes ::ffff:a.b.c.d with 96 more bits. */
static bool read_network(struct slice text, struct config_proxy *ret_proxy)
{
    char host[ADDRESS_BYTES_MAX] = {0};
    struct slice bits_text = text, host_text = slice_cut(&bits_text, '/');
    int64_t bits;
    if (host_text.len >= sizeof host)
        return false;
    memcpy(host, host_text.data, host_text.len);
    struct config_proxy proxy = {0};
    bool v4 = inet_pton(AF_INET, host, &proxy.network.s6_addr[12]) == 1;
    if (v4)
        memset(&proxy.network.s6_addr[10], 0xff, 2);
    else if (inet_pton(AF_INET6, host, &proxy.network) != 1)
        return false;
    bits = v4 ? 32 : 128;
    if (bits_text.data && (!slice_to_int(bits_text, &bits) || bits < 0 || bits > (v4 ? 32 : 128)))
        return false;
    proxy.bits = (unsigned)bits + (v4 ? 96 : 0);
    *ret_proxy = proxy;
    return true;
}

static void read_proxies(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    (void)field;
    const struct node *texts[LIST_MAX];
    bool none = node->kind == NODE_LIST && node->count == 0;
    unsigned count = none ? 0 : texts_of(walk, key, node, texts);
    struct config_proxy *proxies = ARENA_ARRAY(walk->arena, struct config_proxy, count ? count : 1);
    for (unsigned i = 0; i < count; i++) {
        if (!read_network(texts[i]->text, &proxies[i])) {
            walk_expected(walk, texts[i], key->name, key->kind->expected);
            return;
        }
    }
    walk->config->proxies = proxies;
    walk->config->proxy_count = count;
}

static void print_proxy(struct buf *out, const struct config_proxy *proxy)
{
    char text[INET6_ADDRSTRLEN];
    bool v4 = IN6_IS_ADDR_V4MAPPED(&proxy->network) && proxy->bits >= 96;
    const void *address = v4 ? (const void *)&proxy->network.s6_addr[12] : &proxy->network;
    const char *written = inet_ntop(v4 ? AF_INET : AF_INET6, address, text, sizeof text);
    POST(written);
    buf_format(out, "\"%s/%u\"", text, proxy->bits - (v4 ? 96 : 0));
}

static void print_proxies(struct printer *printer, const struct key *key, const void *field)
{
    const struct config *config = field;
    print_name(printer, key->name);
    buf_lit(printer->out, " [");
    for (unsigned i = 0; i < config->proxy_count; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(""));
        print_proxy(printer->out, &config->proxies[i]);
    }
    buf_lit(printer->out, "]\n");
}

const struct kind kind_proxies = {.expected = "addresses or networks such as `[127.0.0.1, 10.0.0.0/8]`",
                                  .read = read_proxies,
                                  .print = print_proxies};

static const char *const manners[] = {"plain", "postgrest", NULL};

/* "/api" and "/rest/v1", but neither "api" nor "/api/" nor "//"; "/" alone is the root. */
static bool prefix_is_good(struct slice prefix)
{
    if (slice_eq(prefix, SLICE("/")))
        return true;
    if (!slice_starts(prefix, SLICE("/")))
        return false;
    for (struct slice rest = slice_skip(prefix, 1); rest.data;) {
        struct slice segment = slice_cut(&rest, '/');
        const char *refused = name_refused(segment);
        if (refused && !name_is_reserved(segment))
            return false;
    }
    return true;
}

static bool read_prefix(struct walk *walk, const struct node *node, struct serve_prefix *ret_prefix)
{
    if (!prefix_is_good(node->key)) {
        complain(walk->complaints, node->key_at,
                 "`serve`: found `" SLICE_FMT
                 "`, expected a prefix such as `/api`, without a slash at its end",
                 SLICE_ARG(node->key));
        return false;
    }
    const struct key manner = {.name = "serve", .kind = &kind_choice, .choices = manners};
    unsigned before = complaints_errors(walk->complaints);
    ret_prefix->at = node->key_at;
    ret_prefix->prefix = node->key.len == 1 ? SLICE("") : node->key;
    kind_choice.read(walk, &manner, node, &ret_prefix->manner);
    return complaints_errors(walk->complaints) == before;
}

static void read_serve(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    (void)field;
    if (node->kind != NODE_MAP || node->count == 0) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    struct serve_prefix *serve = ARENA_ARRAY(walk->arena, struct serve_prefix, node->count);
    unsigned count = 0;
    for (const struct node *child = node->first; child; child = child->next)
        count += read_prefix(walk, child, &serve[count]);
    walk->config->serve = serve;
    walk->config->serve_count = count;
}

static void print_serve(struct printer *printer, const struct key *key, const void *field)
{
    const struct config *config = field;
    print_name(printer, key->name);
    for (unsigned i = 0; i < config->serve_count; i++) {
        const struct serve_prefix *serve = &config->serve[i];
        buf_add(printer->out, i ? SLICE(", ") : SLICE(" {"));
        config_print_text(printer->out, serve->prefix.len ? serve->prefix : SLICE("/"));
        buf_format(printer->out, ": %s", manners[serve->manner]);
    }
    buf_lit(printer->out, "}\n");
}

const struct kind kind_serve = {.expected =
                                    "prefixes and their manners such as `{/api: plain, /rest/v1: postgrest}`",
                                .read = read_serve,
                                .print = print_serve};

/* --- cors: [https://console.example.com] --- */

/* How much of a text is scheme://host[:port], as browsers send it: without a slash behind it. 0: it does not begin so. */
static size_t origin_span(struct slice text)
{
    static const char scheme[] = "abcdefghijklmnopqrstuvwxyz0123456789+.-",
                      host[] = "abcdefghijklmnopqrstuvwxyz0123456789._-:[]";
    const char *colon = memmem(text.data, text.len, "://", 3);
    if (!colon || colon == text.data)
        return 0;
    size_t at = 0;
    while (text.data + at < colon && strchr(scheme, text.data[at]))
        at++;
    if (text.data + at < colon)
        return 0;
    size_t begin = at += 3;
    while (at < text.len && text.data[at] && strchr(host, text.data[at]))
        at++;
    return at > begin ? at : 0;
}

/* The port that goes without saying; browsers leave it out. 0: none such. */
static size_t usual_port(struct slice origin)
{
    bool usual = (slice_starts(origin, SLICE("https://")) && slice_ends(origin, SLICE(":443"))) ||
                 (slice_starts(origin, SLICE("http://")) && slice_ends(origin, SLICE(":80")));
    return usual ? origin.len - (slice_ends(origin, SLICE(":80")) ? 3 : 4) : 0;
}

/* The origin that was meant; data NULL: who knows. */
static struct slice origin_meant(struct walk *walk, struct slice text)
{
    bool bare = !memmem(text.data, text.len, "://", 3);
    struct slice meant = arena_format(walk->arena, "%s" SLICE_FMT, bare ? "https://" : "", SLICE_ARG(text));
    for (size_t i = 0; i < meant.len; i++)
        ((char *)meant.data)[i] |= meant.data[i] >= 'A' && meant.data[i] <= 'Z' ? 0x20 : 0;
    size_t span = origin_span(meant);
    struct slice origin = slice_of(meant.data, span);
    bool host = memchr(origin.data, '.', span) || memmem(origin.data, span, "localhost", 9);
    bool ends = span == meant.len || strchr("/?#", meant.data[span]);
    if (span == 0 || !ends || (bare && !host))
        return (struct slice){0};
    size_t port = usual_port(origin);
    return port ? slice_of(origin.data, port) : origin;
}

static bool read_origin(struct walk *walk, const struct key *key, const struct node *node, bool alone)
{
    struct slice text = node->text, meant = origin_meant(walk, text);
    if (slice_eq(text, SLICE("*")) && alone)
        return true;
    if (slice_eq(text, SLICE("*")))
        complain(walk->complaints, node->at, "`%s`: `*` stands for all origins: it stands alone", key->name);
    else if (!meant.data)
        walk_expected(walk, node, key->name, key->kind->expected);
    else if (!slice_eq(meant, text))
        complain(walk->complaints, node->at,
                 "`%s`: found " SLICE_FMT ", expected an origin as browsers send it: did you mean `" SLICE_FMT
                 "`?",
                 key->name, SLICE_ARG(walk_found(walk, node)), SLICE_ARG(meant));
    return slice_eq(meant, text);
}

static void read_cors(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config *config = field;
    const struct node *texts[LIST_MAX];
    bool none = node->kind == NODE_LIST && node->count == 0;
    unsigned count = none ? 0 : texts_of(walk, key, node, texts);
    config->cors = ARENA_ARRAY(walk->arena, struct slice, count + 1);
    config->cors_count = 0;
    for (unsigned i = 0; i < count; i++)
        if (read_origin(walk, key, texts[i], count == 1))
            config->cors[config->cors_count++] = texts[i]->text;
}

static void print_cors(struct printer *printer, const struct key *key, const void *field)
{
    const struct config *config = field;
    print_name(printer, key->name);
    buf_lit(printer->out, " [");
    for (unsigned i = 0; i < config->cors_count; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(""));
        config_print_text(printer->out, config->cors[i]);
    }
    buf_lit(printer->out, "]\n");
}

const struct kind kind_cors = {
    .expected = "origins such as `[https://console.example.com]`, or `'*'` for all of them",
    .read = read_cors,
    .print = print_cors};
