/* SPDX-License-Identifier: Apache-2.0 */
/* See second_level.h. */
#include "request/second_level.h"

#include <stdio.h>

#include "auth/trust.h"
#include "base/mem.h"
#include "request/kept.h"
#include "request/worker.h"

enum {
    BUDGET_MS = 250, /* one question, where Redis is silent: then none for as long as it is */
    LEASE_MS = 3000, /* who makes an answer is believed to make it */
    WAIT_MS = 3500,  /* and is waited for */
    QUIET_TURN_MS = 10,
    MADE_FOR_ALL_BYTES_MAX = 256 * 1024 /* sealing so much takes a quarter of a millisecond */
};

struct second_level {
    struct redis_level2 level2;
};

struct sharing {
    struct redis_lookup lookup;
    struct sharing_asked asked;
    unsigned tag_count, tag_count_if_absent;
};

/* --- a worker's --- */

struct second_level *second_level_open(struct worker *worker)
{
    struct remote *remote = worker->service->remote;
    if (!remote)
        return NULL;
    struct second_level *level = mem_must(sizeof *level);
    level->level2 = (struct redis_level2){.redis = redis_open(remote_plan(remote), worker->loop),
                                          .bumps = remote_bumps(remote),
                                          .budget_ms = BUDGET_MS,
                                          .lease_ms = LEASE_MS,
                                          .wait_ms = WAIT_MS};
    return level;
}

void second_level_close(struct second_level *level)
{
    if (level)
        redis_close(level->level2.redis);
}

void second_level_end(struct second_level *level)
{
    if (!level)
        return;
    struct redis *redis = level->level2.redis;
    while (!redis_is_quiet(redis)) /* a name that is looked up comes home */
        loop_turn(redis_loop_of(redis), QUIET_TURN_MS);
    redis_free(redis);
    level->level2.redis = NULL;
}

void second_level_free(struct second_level *level)
{
    PRE(!level || !level->level2.redis);
    mem_free(level);
}

struct redis *second_level_redis(const struct second_level *level)
{
    return level ? level->level2.redis : NULL;
}

/* --- the key --- */

/* From what others do not know; false: it is not known here yet. */
static bool mother_secret(const struct request *request, unsigned char ret_secret[JWT_DERIVED_BYTES])
{
    const struct snapshot *snapshot = request->snapshot;
    memset(ret_secret, 0, JWT_DERIVED_BYTES);
    if (!config_auth_is_on(&snapshot->model->config->auth))
        return true;
    const struct jwt_issuer *own = snapshot->trust->secret_is_auto
                                       ? identity_own(request->tap->supply->identity)
                                       : &snapshot->trust->own;
    if (own)
        jwt_derive(own, SLICE("the second level of the cache"), ret_secret);
    return own != NULL;
}

/* Of the database's URL knows the fingerprint. False: what is needed is not known here yet. */
static bool find_secret(const struct request *request, unsigned char ret_secret[REDIS_SECRET_BYTES])
{
    unsigned char mother[JWT_DERIVED_BYTES];
    char words_bytes[sizeof mother + sizeof request->snapshot->fingerprint.hex + REDIS_URL_BYTES_MAX];
    if (!request->snapshot->fingerprint.hex[0] || !mother_secret(request, mother))
        return false;
    int len =
        snprintf(words_bytes + sizeof mother, sizeof words_bytes - sizeof mother, "%s" SLICE_FMT,
                 request->snapshot->fingerprint.hex, SLICE_ARG(request->worker->service->config->redis.text));
    memcpy(words_bytes, mother, sizeof mother);
    redis_secret_of(slice_of(words_bytes, sizeof mother + (size_t)len), ret_secret);
    return true;
}

void shared_key_of(const struct request *request, struct slice question, struct shared_key *ret_key)
{
    bool server = request->snapshot->model->catalog->dialect == DIALECT_PG;
    ret_key->known = request->worker->second_level && server && find_secret(request, ret_key->secret);
    if (!ret_key->known)
        return;
    struct cache_secret secret;
    cache_secret_of(slice_of((char *)ret_key->secret, sizeof ret_key->secret), &secret);
    struct cache_key key = cache_key_of(&secret, question);
    snprintf(ret_key->name, sizeof ret_key->name, "%016llx%016llx", (unsigned long long)key.high,
             (unsigned long long)key.low);
}

/* --- asking --- */

/* NULL: it is none that can be shared, or there is no memory. */
static struct entry *entry_of(const struct sharing *sharing, struct slice bytes, int64_t left_ms)
{
    const struct sharing_asked *asked = &sharing->asked;
    struct entry_parts parts;
    if (!kept_read(bytes, loop_now(asked->request->worker->loop), left_ms, &parts))
        return NULL;
    parts.key = asked->entry_key;
    parts.seen = asked->depends->seen;
    parts.seen_count = parts.status == 404 ? sharing->tag_count_if_absent : sharing->tag_count;
    return entry_new(&parts);
}

static void on_end(struct redis_lookup *lookup, enum redis_verdict verdict, struct slice bytes,
                   int64_t left_ms)
{
    struct sharing *sharing = container_of(lookup, struct sharing, lookup);
    struct entry *entry = verdict == REDIS_LEVEL2_HIT ? entry_of(sharing, bytes, left_ms) : NULL;
    sharing->asked.on_end(sharing->asked.request, entry);
}

struct sharing *sharing_begin(const struct sharing_asked *asked)
{
    struct request *request = asked->request;
    const struct depends *depends = asked->depends;
    uint32_t tags[REDIS_LEVEL2_TAGS_MAX];
    PRE(asked->key->known && depends->count <= depends->count_if_absent);
    if (depends->count_if_absent > ARRAY_LEN(tags))
        return NULL;
    for (size_t i = 0; i < depends->count_if_absent; i++)
        tags[i] = depends->seen[i].tag;
    struct sharing *sharing = ARENA_NEW(&request->arena, struct sharing);
    sharing->asked = *asked;
    sharing->tag_count = (unsigned)depends->count;
    sharing->tag_count_if_absent = (unsigned)depends->count_if_absent;
    sharing->lookup.on_end = on_end;
    sharing->lookup.least_ms = asked->least_ms;
    memcpy(sharing->lookup.secret, asked->key->secret, sizeof sharing->lookup.secret);
    bool begun = redis_level2_ask(&request->worker->second_level->level2, &sharing->lookup,
                                  slice_str(asked->key->name), tags, sharing->tag_count_if_absent);
    return begun ? sharing : NULL;
}

void sharing_keep(struct sharing *sharing, const struct entry *entry, int64_t ttl_ms)
{
    if (!sharing || !sharing->lookup.level2)
        return;
    struct buf bytes;
    buf_init(&bytes, MADE_FOR_ALL_BYTES_MAX);
    if (entry)
        kept_write(entry, &bytes);
    if (bytes.failed)
        buf_done(&bytes);
    bool absent = !entry || entry->status == 404;
    redis_level2_put(&sharing->lookup, absent ? sharing->tag_count_if_absent : sharing->tag_count,
                     buf_slice(&bytes), ttl_ms);
    buf_done(&bytes);
}

void sharing_done(struct sharing *sharing)
{
    if (sharing)
        redis_level2_cancel(&sharing->lookup);
}

/* --- what became of it --- */

static uint64_t sum(const struct service *service, size_t offset)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < service->worker_count; i++) {
        const struct redis_level2 *level2 = &service->workers[i]->second_level->level2;
        total += atomic_load_explicit((const atomic_ullong *)((const char *)level2 + offset),
                                      memory_order_relaxed);
    }
    return total;
}

void second_level_metrics(const struct service *service, struct metrics_page *page)
{
    static const struct {
        struct slice word;
        size_t offset;
    } verdicts[] = {{SLICE_INIT("hit"), offsetof(struct redis_level2, hits)},
                    {SLICE_INIT("fill"), offsetof(struct redis_level2, fills)},
                    {SLICE_INIT("miss"), offsetof(struct redis_level2, misses)},
                    {SLICE_INIT("skip"), offsetof(struct redis_level2, skips)}};
    if (!service->remote)
        return;
    metrics_family(page, METRICS_COUNTER, "leat_cache_redis_verdicts_total",
                   "Answers that were missed in the process, by what Redis had of them.");
    for (unsigned i = 0; i < ARRAY_LEN(verdicts); i++)
        metrics_uint(page, sum(service, verdicts[i].offset), METRICS_LABEL("verdict", verdicts[i].word));
    metrics_counter(page, "leat_cache_redis_waits_total",
                    "Times that an answer another instance makes was awaited.",
                    sum(service, offsetof(struct redis_level2, waits)));
    metrics_counter(page, "leat_cache_redis_stored_total", "Answers put into Redis.",
                    sum(service, offsetof(struct redis_level2, puts)));
    metrics_counter(page, "leat_cache_redis_strange_total",
                    "Answers in Redis that were not sealed by an instance like this.",
                    sum(service, offsetof(struct redis_level2, strange)));
}
