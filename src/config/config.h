/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: one YAML file → one const struct, every value checked, every mistake told with file:line:column.
 *
 * Ownership: config_free frees it all. Immutable after loading: any thread may read it. A value of the database's (a column, a table)
 * is checked later, by catalog/model.c, which uses the `at` of each thing to complain in the same manner. */
#ifndef LEAT_CONFIG_CONFIG_H
#define LEAT_CONFIG_CONFIG_H

#include <netinet/in.h>

#include "base/arena.h"
#include "config/limit.h"
#include "config/query.h"
#include "config/redis.h"
#include "config/resource.h"
#include "config/signal.h"

enum { WORKERS_MAX = 256 };

enum manner { MANNER_PLAIN, MANNER_POSTGREST };

struct serve_prefix {
    struct slice prefix; /* "/api": begins with a slash, does not end in one; "" is the root */
    enum manner manner;
    struct place at;
};

struct config_proxy {
    struct in6_addr network; /* IPv4 as ::ffff:0:0/96 */
    unsigned bits;
};

struct config {
    struct arena arena;
    struct slice file;   /* as given; empty when there is none */
    struct word *listen; /* addresses */
    unsigned listen_count;
    struct word admin; /* an address for operators alone; data NULL: none */
    struct serve_prefix *serve;
    unsigned serve_count;
    struct config_proxy *proxies;
    unsigned proxy_count;

    struct {
        struct word url;
        unsigned pool_size, pool_overflow;
        int64_t pool_wait_ms, pool_recycle_ms, timeout_ms;
        int64_t slow_ms[4];  /* noted, slow, critical, emergency */
        bool prepared;       /* off: for transaction poolers */
        unsigned gather_max; /* keys in one gathered statement; 0: off */
    } database;

    struct {
        int64_t head_ms, idle_ms;
        uint64_t head_bytes, heads_bytes_total, body_bytes;
        unsigned connections, per_address, body_rate, read_rate;
    } http; /* key `http:` */
    struct {
        unsigned record_bytes, members; /* of one record of a body */
    } body;
    struct {
        struct word folder;
        uint64_t bytes; /* of the disk, all spools together */
    } spool;
    struct {
        uint64_t bytes_max, bytes_total;
        uint64_t spool_bytes; /* of one answer that is too large for memory */
    } answers;
    unsigned batch_requests_max; /* of one batch; 0: there are none */
    unsigned compress_bytes_min; /* smaller answers go as they are; 0: all do */
    struct {
        struct word table; /* "name" or "schema.name" */
        int64_t keep_ms;   /* 0: keys are not heeded */
        uint64_t body_bytes;
    } idempotency;
    struct {
        int64_t delay_ms, idle_ms, max_ms;
    } drain;
    struct {
        unsigned sample; /* one in n of the fast, good ones */
        bool sql;        /* statements' text stands in the log of slow and failed requests */
        int64_t slow_ms;
        struct slice level; /* debug, info, warn or error */
    } log;
    struct {
        unsigned params, conditions, in_values, order, select, depth, url_value_bytes;
    } query; /* limits on what a URL asks */

    struct page_policy page; /* defaults */
    unsigned read, write;    /* defaults.read, defaults.write */
    struct word tenant;      /* defaults.tenant: goes before auth.tenant */
    unsigned workers;        /* 0: one per core */
    struct config_auth auth;
    struct config_redis redis;
    struct config_cache cache;
    struct config_limits limits; /* of all requests */
    struct config_shed shed;
    unsigned limit_lists; /* how many lists there are: this one, of resources, of queries */
    struct config_limiter limiter;

    struct config_resource *resources;
    unsigned resource_count;
    struct config_function *functions;
    unsigned function_count;
    struct config_upstream *upstreams;
    unsigned upstream_count;
    struct slice *cors; /* origins, "https://console.example.com"; the one `*`: any */
    unsigned cors_count;
    struct word queries_dir;
    struct word state; /* a folder for what outlives the process; data NULL: there is none */
    struct config_query *queries;
    unsigned query_count;
    bool docs, open; /* /docs is served; made without a file: everything readable, loopback only */
};

/* What the command line says, in order: `--set path=value` (the value is YAML), or an option of its own such as `--listen`
 * (`option` names it for complaints, the value is taken as it is). */
struct config_override {
    struct slice path, value;
    const char *option;
};

/* Loads and checks a file. On failure ret_config is untouched and the complaints say what is wrong. complaints->arena must
 * outlive them. */
enum error config_load(const char *file, const struct config_override *overrides, unsigned override_count,
                       struct complaints *complaints, struct config **ret_config) must_check;

/* The same from bytes, called `name` in complaints: for tests and fuzzing. Opens no file: neither queries nor `file:PATH`. */
enum error config_load_bytes(const char *name, struct slice bytes, const struct config_override *overrides,
                             unsigned override_count, struct complaints *complaints,
                             struct config **ret_config) must_check;

/* The configuration of `leat serve URL` without a file: nothing served yet;
 * catalog/model_open.c adds a resource per table. */
enum error config_without_file(const char *url, const struct config_override *overrides,
                               unsigned override_count, struct complaints *complaints,
                               struct config **ret_config) must_check;

void config_free(struct config *config); /* takes NULL */

/* With its password as `***`: for logs, complaints and config_print. */
struct slice config_url_masked(struct arena *arena, struct slice url);

/* Writes the whole effective configuration as YAML that loads to the same (passwords in URLs as `***`). */
struct buf;
void config_print(const struct config *config, struct buf *out);
void config_print_meaning(const struct config *config, struct buf *out); /* what answers hang on */
void config_print_text(struct buf *out, struct slice text); /* as YAML, in quotes where they are needed */

#endif
