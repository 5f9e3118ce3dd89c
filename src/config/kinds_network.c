/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to listen on, networks of trusted proxies, and the prefixes that are served. See walk.h. */
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
