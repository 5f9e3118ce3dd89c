/* SPDX-License-Identifier: Apache-2.0 */
/* URL → libpq's keywords, names → addresses, session settings. See target.h. */
#include "store/pg/target.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <stdio.h>

#include "base/buf.h"

/* ---- the URL ---- */

static void add_keyword(struct target *target, const char *keyword, const char *value)
{
    PRE(target->count < TARGET_KEYWORDS_MAX);
    target->keywords[target->count] = keyword;
    target->values[target->count++] = value;
}

static bool is_address(const char *host)
{
    struct in6_addr ignored;
    return host[0] == '/' || host[0] == '@' || inet_pton(AF_INET, host, &ignored) == 1 ||
           inet_pton(AF_INET6, host, &ignored) == 1;
}

/* The next element of a comma list, copied; false at its end. libpq's lists know no quoting. */
static bool next_element(const char **list, char *ret_element, size_t element_max)
{
    if (*list == NULL)
        return false;
    size_t len = strcspn(*list, ",");
    snprintf(ret_element, element_max, "%.*s", (int)len, *list);
    *list = (*list)[len] == ',' ? *list + len + 1 : NULL;
    return true;
}

static bool any_name(const char *hosts)
{
    char host[256];
    while (next_element(&hosts, host, sizeof host))
        if (host[0] != '\0' && !is_address(host))
            return true;
    return false;
}

/* What the environment (PGHOST…) gives where the URL says nothing; libpq's own default is a unix socket. */
static const char *default_of(struct arena *arena, const char *keyword)
{
    const char *found = NULL;
    PQconninfoOption *options = PQconndefaults();
    for (PQconninfoOption *option = options; option && option->keyword; option++)
        if (strcmp(option->keyword, keyword) == 0 && option->val != NULL)
            found = arena_copy(arena, slice_str(option->val)).data;
    PQconninfoFree(options);
    return found;
}

static void take_options(struct arena *arena, const PQconninfoOption *options, struct target *target)
{
    bool has_address = false;
    /* Before those of the URL, which win. Looking for a Kerberos cache costs milliseconds and may ask the network. */
    add_keyword(target, "gssencmode", "disable");
    add_keyword(target, "fallback_application_name", "leat");
    add_keyword(target, "connect_timeout", "10"); /* of the blocking ones; sessions have their own */
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        if (option->val == NULL)
            continue;
        const char *value = arena_copy(arena, slice_str(option->val)).data;
        add_keyword(target, arena_copy(arena, slice_str(option->keyword)).data, value);
        has_address |= strcmp(option->keyword, "hostaddr") == 0;
        if (strcmp(option->keyword, "host") == 0)
            target->host = value;
        if (strcmp(option->keyword, "port") == 0)
            target->port = value;
    }
    add_keyword(target, "client_encoding", "UTF8");
    if (target->host == NULL)
        target->host = default_of(arena, "host");
    if (target->port == NULL)
        target->port = default_of(arena, "port");
    target->has_names = !has_address && target->host != NULL && any_name(target->host);
}

enum error pg_target_parse(struct arena *arena, struct slice url, struct target *ret_target,
                           char ret_why[512])
{
    char *error = NULL;
    const char *text = arena_copy(arena, url).data;
    PQconninfoOption *options = PQconninfoParse(text, &error);
    if (options == NULL) {
        struct slice why = slice_trim(slice_str(error ? error : "out of memory"));
        snprintf(ret_why, 512, "the database URL cannot be read: " SLICE_FMT, SLICE_ARG(why));
        PQfreemem(error);
        return ERR_INVALID;
    }
    struct target target = {0};
    take_options(arena, options, &target);
    PQconninfoFree(options);
    *ret_target = target;
    return OK;
}

void pg_target_for_replication(const struct target *target, struct target *ret_target)
{
    *ret_target = *target;
    add_keyword(ret_target, "replication", "database"); /* of two of a name the last holds */
    add_keyword(ret_target, "keepalives", "1");
    add_keyword(ret_target, "keepalives_idle", "5");
    add_keyword(ret_target, "keepalives_interval", "1");
    add_keyword(ret_target, "keepalives_count", "3");
}

/* ---- names ---- */

static bool append(char *list, size_t list_max, const char *element, bool first)
{
    size_t used = strlen(list);
    int n = snprintf(list + used, list_max - used, "%s%s", first ? "" : ",", element);
    return n >= 0 && (size_t)n < list_max - used;
}

static bool add_address(struct addresses *out, const char *host, const char *address, const char *port)
{
    bool first = out->hosts[0] == '\0';
    return append(out->hosts, sizeof out->hosts, host, first) &&
           append(out->addresses, sizeof out->addresses, address, first) &&
           append(out->ports, sizeof out->ports, port, first);
}

static bool resolve_one(struct addresses *out, const char *host, const char *port)
{
    if (is_address(host))
        return add_address(out, host, host[0] == '/' || host[0] == '@' ? "" : host, port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int failed = getaddrinfo(host, NULL, &hints, &found);
    if (failed != 0) {
        snprintf(out->why, sizeof out->why, "the host name \"%.100s\" cannot be resolved: %s", host,
                 gai_strerror(failed));
        return false;
    }
    bool added = false;
    for (struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        char address[64];
        if (getnameinfo(at->ai_addr, at->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) == 0)
            added |= add_address(out, host, address, port);
    }
    freeaddrinfo(found);
    return added;
}

bool pg_target_resolve(const struct target *target, struct addresses *ret_addresses)
{
    PRE(target->has_names);
    struct addresses *out = ret_addresses;
    memset(out, 0, sizeof *out);
    bool any = false;
    char host[256], port[16] = "";
    const char *hosts = target->host, *ports = target->port;
    while (next_element(&hosts, host, sizeof host)) {
        next_element(&ports, port, sizeof port); /* one port serves all hosts */
        any |= resolve_one(out, host, port);
    }
    return any;
}

/* ---- settings ---- */

/* Values are written as text by functions of ours: these settings decide what that text is (design: "Values"). The search path
 * stays the role's own: named queries are written as in psql. */
static const struct {
    const char *name, *value;
    unsigned kinds; /* bit per session_kind */
} settings[] = {
    {"DateStyle", "ISO", ~0u},
    {"IntervalStyle", "postgres", ~0u},
    {"TimeZone", "UTC", ~0u},
    {"extra_float_digits", "1", ~0u},
    {"bytea_output", "hex", ~0u},
    {"standard_conforming_strings", "on", ~0u},
    {"plan_cache_mode", "force_generic_plan", 1u << SESSION_POINT},
    {"jit", "off", 1u << SESSION_POINT | 1u << SESSION_LIST | 1u << SESSION_WRITE},
    {"search_path", "", 1u << SESSION_CATALOG},
};

struct slice pg_settings_text(struct arena *arena, enum session_kind kind, int64_t timeout_ms, bool local)
{
    PRE(kind < SESSION_KINDS && timeout_ms >= 0);
    const char *end = local ? "true" : "false";
    struct buf buf;
    buf_init(&buf, 4096);
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (settings[i].kinds & 1u << kind)
            buf_format(&buf, "%s pg_catalog.set_config('%s', '%s', %s)", buf.len ? "," : "SELECT",
                       settings[i].name, settings[i].value, end);
    /* A transaction that has begun is not changed by the default. */
    if (kind != SESSION_WRITE)
        buf_format(&buf, ", pg_catalog.set_config('%s', 'on', %s)",
                   local ? "transaction_read_only" : "default_transaction_read_only", end);
    buf_format(&buf, ", pg_catalog.set_config('statement_timeout', '%lld', %s)", (long long)timeout_ms, end);
    arena->failed = arena->failed || buf.failed; /* it is large enough: only memory can be out */
    struct slice text = arena_copy(arena, buf_slice(&buf));
    buf_done(&buf);
    return text;
}
