/* SPDX-License-Identifier: Apache-2.0 */
/* Where Redis is: the URL of the key `redis:` taken apart.
 *
 *   redis[s]://[[user]:password@]host[:port][,host[:port]…][/db][?name=value&…]
 *
 * `rediss` is TLS. Several hosts, or `cluster=on`, are the seeds of a cluster. Names behind the `?`: `cluster`, `prefix` (before
 * every key and channel of ours), `cacert`, `cert`, `key` (files of TLS). User, password and values may be %-encoded.
 *
 * Pure. Ownership: all in the arena given. Failure: ERR_INVALID and a sentence that never holds the password. */
#ifndef LEAT_CONFIG_REDIS_H
#define LEAT_CONFIG_REDIS_H

#include "config/complaints.h"

enum { REDIS_HOSTS_MAX = 16, REDIS_PORT = 6379, REDIS_HOST_BYTES_MAX = 253, REDIS_URL_BYTES_MAX = 4096 };

struct redis_host {
    struct slice name; /* NUL-terminated, without brackets */
    unsigned port;
};

/* Texts are NUL-terminated; data NULL: not given. */
struct redis_url {
    bool tls, cluster;
    struct slice user, password;
    struct redis_host hosts[REDIS_HOSTS_MAX];
    unsigned host_count; /* 0: no Redis */
    unsigned db;
    struct slice prefix; /* "leat:" unless given */
    struct slice cacert, cert, key;
};

/* The key `redis:` */
struct config_redis {
    struct slice text; /* as given; data NULL: no Redis */
    struct place at;
    struct redis_url url;
};

enum error redis_url_parse(struct arena *arena, struct slice url, struct redis_url *ret_url,
                           char ret_why[256]) must_check;

#endif
