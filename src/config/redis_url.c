/* SPDX-License-Identifier: Apache-2.0 */
/* The URL of Redis. See redis.h. It is cut from the outside in: scheme, parameters, database, user, hosts. */
#include "config/redis.h"

#include <stdarg.h>
#include <stdio.h>

enum { DB_MAX = 1000000, PREFIX_BYTES_MAX = 64 };

struct reading {
    struct arena *arena;
    struct redis_url url;
    char *why; /* 256 bytes */
};

printf_like(2, 3) static bool refuse(struct reading *reading, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reading->why, 256, format, arguments);
    va_end(arguments);
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %-decoded into the arena; data NULL: a `%` without two hex digits, or a NUL byte. */
static struct slice decoded(struct arena *arena, struct slice text)
{
    char *to = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (byte == '%') {
            int high = i + 2 < text.len ? hex_digit(text.data[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return (struct slice){0};
            byte = (char)(high << 4 | low);
            i += 2;
        }
        if (byte == '\0')
            return (struct slice){0};
        to[len++] = byte;
    }
    to[len] = '\0';
    return slice_of(to, len);
}

static bool read_scheme(struct reading *reading, struct slice *url)
{
    struct slice plain = SLICE("redis://"), secure = SLICE("rediss://");
    reading->url.tls = slice_starts(*url, secure);
    if (!reading->url.tls && !slice_starts(*url, plain))
        return refuse(reading, "expected `redis://host:6379/0`, or `rediss://` for TLS");
    *url = slice_skip(*url, reading->url.tls ? secure.len : plain.len);
    return true;
}

/* ---- what stands behind the `?` ---- */

static bool read_parameter(struct reading *reading, struct slice name, struct slice value)
{
    struct redis_url *url = &reading->url;
    struct {
        struct slice name;
        struct slice *to;
    } texts[] = {{SLICE("prefix"), &url->prefix},
                 {SLICE("cacert"), &url->cacert},
                 {SLICE("cert"), &url->cert},
                 {SLICE("key"), &url->key}};
    if (slice_eq(name, SLICE("cluster"))) {
        url->cluster = slice_eq(value, SLICE("on"));
        return url->cluster || slice_eq(value, SLICE("off")) ||
               refuse(reading, "`cluster=` is `on` or `off`");
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (slice_eq(name, texts[i].name)) {
            *texts[i].to = decoded(reading->arena, value);
            return texts[i].to->len > 0 ||
                   refuse(reading, "`%s=` has no value, or one that is ill encoded", texts[i].name.data);
        }
    return refuse(reading,
                  "unknown parameter `" SLICE_FMT "`: there are `cluster`, `prefix`, `cacert`, `cert`, `key`",
                  SLICE_ARG(slice_of(name.data, name.len < 40 ? name.len : 40)));
}

static bool read_parameters(struct reading *reading, struct slice text)
{
    while (text.len > 0) {
        struct slice value = slice_cut(&text, '&');
        struct slice name = slice_cut(&value, '=');
        if (!read_parameter(reading, name, value))
            return false;
    }
    const struct redis_url *url = &reading->url;
    if (!url->tls && (url->cacert.data || url->cert.data || url->key.data))
        return refuse(reading, "`cacert`, `cert` and `key` are for `rediss://`");
    if ((url->cert.data == NULL) != (url->key.data == NULL))
        return refuse(reading, "`cert` and `key` come together");
    return url->prefix.len <= PREFIX_BYTES_MAX ||
           refuse(reading, "`prefix=` is at most %d bytes", PREFIX_BYTES_MAX);
}

/* ---- database, user, hosts ---- */

static bool read_db(struct reading *reading, struct slice text)
{
    int64_t db = 0;
    if (text.len > 0 && (!slice_to_int(text, &db) || db < 0 || db > DB_MAX))
        return refuse(reading, "the database behind the `/` is a number such as 0");
    reading->url.db = (unsigned)db;
    return true;
}

static bool read_user(struct reading *reading, struct slice text)
{
    struct slice user = slice_cut(&text, ':');
    if (text.data == NULL)
        return refuse(reading,
                      "a user without a password: expected `user:password@host`, or `:password@host`");
    struct slice password = decoded(reading->arena, text);
    struct slice name = decoded(reading->arena, user);
    if (name.data == NULL || password.data == NULL)
        return refuse(reading, "user or password are ill encoded: a `%%` is written `%%25`");
    if (password.len == 0)
        return refuse(reading, "the password is empty");
    reading->url.password = password;
    reading->url.user = name.len > 0 ? name : (struct slice){0};
    return true;
}

static bool is_host_byte(char c, bool in_brackets)
{
    if (in_brackets)
        return hex_digit(c) >= 0 || c == ':' || c == '.';
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' || c == '-' ||
           c == '_';
}

static bool is_host(struct slice name, bool in_brackets)
{
    bool good = name.len > 0 && name.len <= REDIS_HOST_BYTES_MAX;
    for (size_t i = 0; good && i < name.len; i++)
        good = is_host_byte(name.data[i], in_brackets);
    return good;
}

/* `host`, `host:port`, `[::1]:port` */
static bool read_host(struct reading *reading, struct slice text)
{
    struct redis_url *url = &reading->url;
    bool brackets = slice_starts(text, SLICE("["));
    struct slice name = slice_skip(text, brackets), rest = name;
    name = slice_cut(&rest, brackets ? ']' : ':');
    bool has_port = brackets ? rest.len > 0 && rest.data[0] == ':' : rest.data != NULL;
    int64_t port = REDIS_PORT;
    if (!is_host(name, brackets) || (brackets && (rest.data == NULL || (rest.len > 0 && !has_port))))
        return refuse(reading, "`" SLICE_FMT "` is no host",
                      SLICE_ARG(slice_of(text.data, text.len < 80 ? text.len : 80)));
    rest = slice_skip(rest, brackets);
    if (has_port && (!slice_to_int(rest, &port) || port < 1 || port > 65535))
        return refuse(reading, "the port of `" SLICE_FMT "` is no number from 1 to 65535",
                      SLICE_ARG(slice_of(name.data, name.len < 80 ? name.len : 80)));
    if (url->host_count == REDIS_HOSTS_MAX)
        return refuse(reading, "more than %d hosts: some nodes of a cluster are enough", REDIS_HOSTS_MAX);
    url->hosts[url->host_count++] = (struct redis_host){arena_copy(reading->arena, name), (unsigned)port};
    return true;
}

static bool read_hosts(struct reading *reading, struct slice text)
{
    do
        if (!read_host(reading, slice_cut(&text, ',')))
            return false;
    while (text.data != NULL);
    struct redis_url *url = &reading->url;
    url->cluster = url->cluster || url->host_count > 1;
    if (url->cluster && url->db > 0)
        return refuse(reading, "a cluster has no database but 0");
    return true;
}

/* Cuts what precedes the last `@`, behind which the hosts begin: a password may hold one. */
static struct slice cut_user(struct slice *authority)
{
    const char *at = authority->len > 0 ? memrchr(authority->data, '@', authority->len) : NULL;
    if (at == NULL)
        return (struct slice){0};
    struct slice user = slice_of(authority->data, (size_t)(at - authority->data));
    *authority = slice_skip(*authority, user.len + 1);
    return user;
}

static bool read_all(struct reading *reading, struct slice url)
{
    if (url.len > REDIS_URL_BYTES_MAX)
        return refuse(reading, "a URL of more than %d bytes", REDIS_URL_BYTES_MAX);
    if (!read_scheme(reading, &url))
        return false;
    struct slice user = cut_user(&url); /* first: it may hold `/` and `?` */
    struct slice hosts = slice_cut(&url, '?'), parameters = url;
    struct slice authority = slice_cut(&hosts, '/'), db = hosts;
    return (user.data == NULL || read_user(reading, user)) && read_parameters(reading, parameters) &&
           read_db(reading, db) && read_hosts(reading, authority);
}

enum error redis_url_parse(struct arena *arena, struct slice url, struct redis_url *ret_url,
                           char ret_why[256])
{
    struct reading reading = {.arena = arena, .why = ret_why};
    if (!read_all(&reading, url))
        return ERR_INVALID;
    if (reading.url.prefix.data == NULL)
        reading.url.prefix = SLICE("leat:");
    POST(reading.url.host_count > 0);
    *ret_url = reading.url;
    return OK;
}
