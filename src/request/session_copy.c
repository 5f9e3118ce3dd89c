/* SPDX-License-Identifier: Apache-2.0 */
/* See session_copy.h. */
#include "request/session_copy.h"

#include <stdio.h>

#include "redis/errand.h"
#include "request/worker.h"

enum {
    BUDGET_MS = 250,
    AHEAD_S = 5, /* clocks of instances may differ by so much */
    COPY_BYTES_MAX = 4096,
    NAME_BYTES_MAX = REDIS_TAG_KEY_MAX + REDIS_LEVEL2_KEY_MAX
};
#define NO_TEXT UINT32_MAX

/* What is sealed: this, then the texts. */
struct copy_head {
    int64_t expires_s, stored_s, confirmed_s;
    uint32_t lens[4]; /* user, tenant, role; the last is 0 */
};

static struct redis *redis_of(const struct request *request)
{
    return second_level_redis(request->worker->second_level);
}

static struct session_counts *counts_of(const struct request *request)
{
    return &request->worker->service->sessions;
}

static bool is_near(const struct redis *redis, struct slice name)
{
    return redis_lag_us(redis, name) <= BUDGET_MS * 1000;
}

bool session_copy_is_used(const struct request *request)
{
    const struct redis *redis = redis_of(request);
    return redis && request->snapshot->model->catalog->dialect == DIALECT_PG &&
           is_near(redis, (struct slice){0});
}

/* --- its name --- */

static void find_key(const struct request *request, const char token_id[TOKEN_ID_LEN + 1],
                     struct shared_key *ret_key)
{
    char question[8 + TOKEN_ID_LEN + 1];
    int len = snprintf(question, sizeof question, "session %s", token_id);
    POST(len == 8 + TOKEN_ID_LEN);
    shared_key_of(request, slice_of(question, (size_t)len), ret_key);
}

static struct slice name_of(const struct request *request, const struct shared_key *key,
                            char ret_name[NAME_BYTES_MAX])
{
    struct slice prefix = redis_plan_of(redis_of(request))->url->prefix;
    int len = snprintf(ret_name, NAME_BYTES_MAX, SLICE_FMT "s:{%s}", SLICE_ARG(prefix), key->name);
    POST(len > 0 && len < NAME_BYTES_MAX);
    return slice_of(ret_name, (size_t)len);
}

/* --- its bytes --- */

static void write_copy(struct buf *out, const struct holder *holder)
{
    const struct slice texts[] = {holder->user, holder->tenant, holder->role};
    struct copy_head head = {holder->expires_s, holder->stored_s, holder->confirmed_s, {0}};
    for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
        head.lens[i] = texts[i].data ? (uint32_t)texts[i].len : NO_TEXT;
    buf_add(out, slice_of((char *)&head, sizeof head));
    for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
        buf_add(out, texts[i]);
}

/* bytes stay where they are. False: they are no copy. */
static bool read_copy(struct slice bytes, struct holder *holder)
{
    struct copy_head head;
    struct slice *const texts[] = {&holder->user, &holder->tenant, &holder->role};
    if (bytes.len < sizeof head)
        return false;
    memcpy(&head, bytes.data, sizeof head);
    struct slice rest = slice_skip(bytes, sizeof head);
    for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
        bool none = head.lens[i] == NO_TEXT;
        size_t len = none ? 0 : head.lens[i];
        if (len > rest.len)
            return false;
        *texts[i] = none ? (struct slice){0} : slice_of(rest.data, len);
        rest = slice_skip(rest, len);
    }
    holder->expires_s = head.expires_s;
    holder->stored_s = head.stored_s;
    holder->confirmed_s = head.confirmed_s;
    return rest.len == 0;
}

/* --- asking --- */

/* Whether it is ours; its holder has it then. */
static bool open_copy(struct session_question *question, struct slice sealed)
{
    struct request *request = question->request;
    char name[NAME_BYTES_MAX];
    size_t len;
    if (sealed.len > COPY_BYTES_MAX + REDIS_SEAL_BYTES)
        return false;
    char *bytes = arena_alloc(&request->arena, sealed.len + 1);
    return redis_unseal(question->key.secret, name_of(request, &question->key, name), sealed, bytes, &len) &&
           read_copy(slice_of(bytes, len), question->holder);
}

/* A short session, sooner. */
static bool is_confirmed(const struct request *request, const struct holder *holder)
{
    int64_t tenth_s = request->snapshot->model->config->auth.session_ms / 10000;
    int64_t age_s = clock_wall().us / 1000000 - holder->confirmed_s;
    return age_s >= -AHEAD_S && age_s <= (tenth_s < SESSION_CONFIRM_S ? tenth_s : SESSION_CONFIRM_S);
}

static void on_reply(struct redis_command *command, const struct redis_reply *reply)
{
    struct session_question *question = container_of(command, struct session_question, command);
    struct request *request = question->request;
    CHECK_MAGIC(request, REQUEST_MAGIC);
    bool there = reply && reply->kind == REDIS_TEXT;
    bool ours = there && open_copy(question, reply->text);
    bool found = ours && is_confirmed(request, question->holder);
    if (there && !ours)
        atomic_fetch_add_explicit(&counts_of(request)->strange, 1, memory_order_relaxed);
    if (found)
        atomic_fetch_add_explicit(&counts_of(request)->redis, 1, memory_order_relaxed);
    request->job_out = false;
    question->on_end(request, found);
}

bool session_copy_ask(struct session_question *question)
{
    struct request *request = question->request;
    char name_bytes[NAME_BYTES_MAX];
    if (!session_copy_is_used(request))
        return false;
    find_key(request, question->holder->token_id, &question->key);
    if (!question->key.known)
        return false;
    struct slice words[] = {SLICE("GET"), name_of(request, &question->key, name_bytes)};
    struct redis *redis = redis_of(request);
    question->command = (struct redis_command){.on_end = on_reply};
    request->job_out = is_near(redis, words[1]) && redis_send(redis, &question->command, words[1], words,
                                                              ARRAY_LEN(words), BUDGET_MS) == OK;
    return request->job_out;
}

/* --- telling --- */

void session_copy_put(struct request *request, const struct holder *holder, bool confirmed)
{
    char name_bytes[NAME_BYTES_MAX], ms[24];
    int64_t left_s = holder->expires_s - clock_wall().us / 1000000;
    struct shared_key key;
    struct buf copy, sealed;
    if (!session_copy_is_used(request) || left_s <= 0)
        return;
    find_key(request, holder->token_id, &key);
    if (!key.known)
        return;
    struct slice name = name_of(request, &key, name_bytes);
    buf_init(&copy, COPY_BYTES_MAX);
    buf_init(&sealed, COPY_BYTES_MAX + REDIS_SEAL_BYTES);
    write_copy(&copy, holder);
    redis_seal(&sealed, key.secret, name, buf_slice(&copy));
    snprintf(ms, sizeof ms, "%lld", (long long)left_s * 1000);
    const struct slice words[] = {SLICE("SET"), name,          buf_slice(&sealed),
                                  SLICE("PX"),  slice_str(ms), SLICE("XX")};
    if (!copy.failed && !sealed.failed)
        redis_errand(redis_of(request), words, ARRAY_LEN(words) - (confirmed ? 1 : 0), name);
    buf_done(&copy);
    buf_done(&sealed);
}

void session_copy_drop(struct request *request, const char token_id[TOKEN_ID_LEN + 1])
{
    char name[NAME_BYTES_MAX];
    struct shared_key key;
    if (!redis_of(request))
        return;
    find_key(request, token_id, &key);
    if (!key.known)
        return;
    const struct slice words[] = {SLICE("DEL"), name_of(request, &key, name)};
    redis_errand(redis_of(request), words, ARRAY_LEN(words), words[1]);
}
