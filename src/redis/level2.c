/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups in the second level. See level2.h for the order of things.
 *
 * What is stored begins with the generations it was made under, as "v2 TAG=TOKEN TAG=TOKEN …\n": it is current when these are the
 * generations of now. */
#include "redis/level2.h"

#include <stdio.h>

#include "base/mem.h"
#include "redis/errand.h"

enum {
    AGAIN_MS_MIN = 5,
    AGAIN_MS_MAX = 40,
    KEY_BYTES_MAX = REDIS_TAG_KEY_MAX + REDIS_LEVEL2_KEY_MAX,
    LINE_BYTES_MAX = (REDIS_LEVEL2_TAGS_MAX + 1) * (REDIS_TOKEN_LEN + 8) + 8,
    ABOUT_BYTES_MAX = KEY_BYTES_MAX + LINE_BYTES_MAX
};

#define COUNT(level2, what) atomic_fetch_add_explicit(&(level2)->what, 1, memory_order_relaxed)

typedef void on_reply(struct redis_command *command, const struct redis_reply *reply);

/* The tag's generation, made when it is missing. */
static const struct slice script_generation =
    SLICE_INIT("return redis.call('GET',KEYS[1]) or "
               "(redis.call('SET',KEYS[1],ARGV[1],'PX',86400000) and ARGV[1])");

/* The lease goes, if it is still ours. */
static const struct slice script_leave =
    SLICE_INIT("if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0");

/* Answer and lease of a key lie on one node of a Cluster: what is asked of them is done in that order. */
static struct slice key_of(const struct redis_lookup *lookup, char kind, char ret_key[KEY_BYTES_MAX])
{
    struct slice prefix = redis_plan_of(lookup->level2->redis)->url->prefix;
    int len = snprintf(ret_key, KEY_BYTES_MAX, SLICE_FMT "%c:{%s}", SLICE_ARG(prefix), kind, lookup->key);
    POST(len > 0 && len < KEY_BYTES_MAX);
    return slice_of(ret_key, (size_t)len);
}

/* Of the first `count` tags, without the line's end. */
static struct slice line_of(const struct redis_lookup *lookup, unsigned count, char ret_line[LINE_BYTES_MAX])
{
    size_t len = (size_t)snprintf(ret_line, LINE_BYTES_MAX, "v2");
    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(ret_line + len, LINE_BYTES_MAX - len, " %x=%s", lookup->tags[i],
                                lookup->generations[i]);
    POST(len < LINE_BYTES_MAX);
    return slice_of(ret_line, len);
}

/* What the seal is good for: this key, made under these generations. */
static struct slice about(const struct redis_lookup *lookup, struct slice line,
                          char ret_about[ABOUT_BYTES_MAX])
{
    int len = snprintf(ret_about, ABOUT_BYTES_MAX, "%s " SLICE_FMT, lookup->key, SLICE_ARG(line));
    POST(len > 0 && len < ABOUT_BYTES_MAX);
    return slice_of(ret_about, (size_t)len);
}

static void let_lease_go(struct redis_lookup *lookup)
{
    char key[KEY_BYTES_MAX];
    struct slice words[] = {SLICE("EVAL"), script_leave, SLICE("1"), key_of(lookup, 'l', key),
                            slice_str(lookup->lease)};
    if (lookup->lease_asked)
        redis_errand(lookup->level2->redis, words, ARRAY_LEN(words), words[3]);
    lookup->lease_asked = false;
}

/* ---- ends ---- */

/* The owner may free the lookup in on_end. */
static void end(struct redis_lookup *lookup, enum redis_verdict verdict, struct slice bytes)
{
    struct redis_level2 *level2 = lookup->level2;
    char *early = lookup->early;
    PRE(level2 != NULL && lookup->parts_left == 0);
    lookup->early = NULL;
    if (verdict == REDIS_LEVEL2_HIT)
        COUNT(level2, hits);
    else if (verdict == REDIS_LEVEL2_FILL)
        COUNT(level2, fills);
    else
        COUNT(level2, misses);
    if (verdict != REDIS_LEVEL2_FILL) {
        let_lease_go(lookup);
        lookup->level2 = NULL;
    }
    lookup->on_end(lookup, verdict, bytes, lookup->left_ms);
    mem_free(early);
}

static void miss(struct redis_lookup *lookup)
{
    end(lookup, REDIS_LEVEL2_MISS, (struct slice){0});
}

/* What is stored, unsealed, is *ret_bytes, of mem_try; false: it is not current, not ours, or there is no memory. */
static bool open_stored(struct redis_lookup *lookup, struct slice stored, struct slice *ret_bytes)
{
    char expected_bytes[LINE_BYTES_MAX], about_bytes[ABOUT_BYTES_MAX];
    struct slice sealed = stored, line = slice_cut(&sealed, '\n');
    struct slice expected = line_of(lookup, lookup->tag_count, expected_bytes);
    bool current = slice_starts(expected, line) && sealed.data != NULL &&
                   (line.len == expected.len || expected.data[line.len] == ' ');
    if (!current)
        return false;
    size_t len;
    char *bytes = mem_try(sealed.len + 1);
    if (bytes != NULL &&
        redis_unseal(lookup->secret, about(lookup, line, about_bytes), sealed, bytes, &len)) {
        *ret_bytes = slice_of(bytes, len);
        return true;
    }
    COUNT(lookup->level2, strange);
    mem_free(bytes);
    return false;
}

/* False: there is none that is good. */
static bool end_with(struct redis_lookup *lookup, struct slice stored)
{
    struct slice bytes;
    if (stored.data == NULL || lookup->left_ms < lookup->least_ms || !open_stored(lookup, stored, &bytes))
        return false;
    end(lookup, REDIS_LEVEL2_HIT, bytes);
    mem_free((char *)(uintptr_t)bytes.data);
    return true;
}

/* ---- parts of a pipeline ---- */

static void send_part(struct redis_lookup *lookup, unsigned at, on_reply *on_end, const struct slice *words,
                      unsigned count, struct slice key)
{
    struct redis_lookup_part *part = &lookup->parts[at];
    *part = (struct redis_lookup_part){.command.on_end = on_end, .lookup = lookup};
    struct redis_level2 *level2 = lookup->level2;
    if (redis_send(level2->redis, &part->command, key, words, count, level2->budget_ms) == OK)
        lookup->parts_left++;
    else
        lookup->failed = true;
}

static struct redis_lookup *part_ended(struct redis_command *command, const struct redis_reply *reply)
{
    struct redis_lookup *lookup = container_of(command, struct redis_lookup_part, command)->lookup;
    PRE(lookup->parts_left > 0);
    lookup->parts_left--;
    lookup->failed |= reply == NULL || reply->kind == REDIS_ERROR;
    return lookup;
}

/* Where a part stands. */
static unsigned lease_at(const struct redis_lookup *lookup)
{
    return lookup->tag_count;
}

static unsigned left_at(const struct redis_lookup *lookup)
{
    return lookup->tag_count + 1;
}

static unsigned answer_at(const struct redis_lookup *lookup)
{
    return lookup->tag_count + 2;
}

/* ---- the lease ---- */

static void ask_lease(struct redis_lookup *lookup);

static void wait_for_other(struct redis_lookup *lookup)
{
    struct redis_level2 *level2 = lookup->level2;
    struct loop *loop = redis_loop_of(level2->redis);
    if (mono_diff_us(lookup->until, loop_now(loop)) <= 0) {
        miss(lookup);
        return;
    }
    COUNT(level2, waits);
    loop_timer_set(loop, &lookup->again, lookup->again_ms);
    lookup->again_ms = lookup->again_ms * 2 < AGAIN_MS_MAX ? lookup->again_ms * 2 : AGAIN_MS_MAX;
}

/* All parts have come. stored: data NULL: nothing. */
static void all_came(struct redis_lookup *lookup, struct slice stored)
{
    if (lookup->failed) {
        miss(lookup);
        return;
    }
    bool was_asked = lookup->lease_asked;
    lookup->lease_asked = lookup->lease_won;
    if (end_with(lookup, stored))
        return;
    mem_free(lookup->early);
    lookup->early = NULL;
    if (!was_asked)
        ask_lease(lookup);
    else if (lookup->lease_won)
        end(lookup, REDIS_LEVEL2_FILL, (struct slice){0});
    else
        wait_for_other(lookup);
}

static void part_came(struct redis_lookup *lookup)
{
    if (lookup->parts_left == 0)
        all_came(lookup, slice_of(lookup->early, lookup->early_bytes));
}

static void lease_answered(struct redis_command *command, const struct redis_reply *reply)
{
    struct redis_lookup *lookup = part_ended(command, reply);
    lookup->lease_won = reply != NULL && reply->kind == REDIS_STATUS;
    part_came(lookup);
}

/* ---- the question ---- */

static void generation_came(struct redis_command *command, const struct redis_reply *reply)
{
    struct redis_lookup_part *part = container_of(command, struct redis_lookup_part, command);
    struct redis_lookup *lookup = part_ended(command, reply);
    if (reply == NULL || reply->kind != REDIS_TEXT || reply->text.len != REDIS_TOKEN_LEN)
        lookup->failed = true;
    else
        memcpy(lookup->generations[part - lookup->parts], reply->text.data, REDIS_TOKEN_LEN + 1);
    part_came(lookup);
}

static void left_came(struct redis_command *command, const struct redis_reply *reply)
{
    struct redis_lookup *lookup = part_ended(command, reply);
    lookup->left_ms =
        reply != NULL && reply->kind == REDIS_INTEGER && reply->integer > 0 ? reply->integer : 0;
    part_came(lookup);
}

static void answer_came(struct redis_command *command, const struct redis_reply *reply)
{
    struct redis_lookup *lookup = part_ended(command, reply);
    bool has = reply != NULL && reply->kind == REDIS_TEXT;
    if (lookup->parts_left == 0) {
        all_came(lookup, has ? reply->text : (struct slice){0});
    } else if (has) {
        lookup->early = mem_try(reply->text.len + 1);
        lookup->early_bytes = reply->text.len;
        if (lookup->early != NULL)
            memcpy(lookup->early, reply->text.data, reply->text.len);
    }
}

/* The time left first: that of an older answer is the shorter. The answer last, so that a single server's need not be copied. */
static void send_answer_parts(struct redis_lookup *lookup)
{
    char key[KEY_BYTES_MAX];
    struct slice words[] = {SLICE("PTTL"), key_of(lookup, 'e', key)};
    if (!lookup->failed)
        send_part(lookup, left_at(lookup), left_came, words, ARRAY_LEN(words), words[1]);
    words[0] = SLICE("GET");
    if (!lookup->failed)
        send_part(lookup, answer_at(lookup), answer_came, words, ARRAY_LEN(words), words[1]);
}

static void send_question(struct redis_lookup *lookup)
{
    char key[REDIS_TAG_KEY_MAX], fresh[REDIS_TOKEN_LEN + 1];
    struct redis_plan *plan = redis_plan_of(lookup->level2->redis);
    lookup->failed = lookup->lease_won = false;
    for (unsigned i = 0; i < lookup->tag_count && !lookup->failed; i++) {
        redis_token_make(fresh);
        struct slice words[] = {SLICE("EVAL"), script_generation, SLICE("1"),
                                slice_of(key, redis_tag_key(plan, lookup->tags[i], key)), slice_str(fresh)};
        send_part(lookup, i, generation_came, words, ARRAY_LEN(words), words[3]);
    }
    send_answer_parts(lookup);
}

static void forget_parts(struct redis_lookup *lookup);

static void ask_lease(struct redis_lookup *lookup)
{
    char key[KEY_BYTES_MAX], ms[24];
    snprintf(ms, sizeof ms, "%lld", (long long)lookup->level2->lease_ms);
    struct slice words[] = {
        SLICE("SET"), key_of(lookup, 'l', key), slice_str(lookup->lease), SLICE("NX"), SLICE("PX"),
        slice_str(ms)};
    lookup->lease_asked = true;
    send_part(lookup, lease_at(lookup), lease_answered, words, ARRAY_LEN(words), words[1]);
    send_answer_parts(lookup);
    if (lookup->failed) {
        forget_parts(lookup);
        miss(lookup);
    }
}

/* Whether Redis is near enough, and has heard of all our own writes. */
static bool is_worth_asking(const struct redis_lookup *lookup)
{
    const struct redis_level2 *level2 = lookup->level2;
    char key[KEY_BYTES_MAX];
    if (redis_lag_us(level2->redis, key_of(lookup, 'e', key)) > level2->budget_ms * 1000)
        return false;
    for (unsigned i = 0; level2->bumps && i < lookup->tag_count; i++)
        if (redis_bumps_is_pending(level2->bumps, lookup->tags[i]))
            return false;
    return true;
}

static void forget_parts(struct redis_lookup *lookup)
{
    for (unsigned i = 0; i < REDIS_LEVEL2_PARTS; i++)
        redis_forget(&lookup->parts[i].command);
    lookup->parts_left = 0;
    mem_free(lookup->early);
    lookup->early = NULL;
}

static void on_again(struct timer *timer)
{
    struct redis_lookup *lookup = container_of(timer, struct redis_lookup, again);
    bool worth = is_worth_asking(lookup);
    if (worth)
        send_question(lookup);
    if (!worth || lookup->failed) {
        forget_parts(lookup);
        miss(lookup);
    }
}

static void prepare(struct redis_lookup *lookup, struct slice key, const uint32_t *tags, unsigned tag_count)
{
    const struct redis_level2 *level2 = lookup->level2;
    memcpy(lookup->key, key.data, key.len);
    lookup->key[key.len] = '\0';
    lookup->tags[0] = REDIS_TAG_ALL;
    if (tag_count > 0)
        memcpy(lookup->tags + 1, tags, tag_count * sizeof *tags);
    lookup->tag_count = tag_count + 1;
    lookup->again.on_due = on_again;
    lookup->again_ms = AGAIN_MS_MIN;
    lookup->until = mono_after_ms(loop_now(redis_loop_of(level2->redis)), level2->wait_ms);
    redis_token_make(lookup->lease);
}

bool redis_level2_ask(struct redis_level2 *level2, struct redis_lookup *lookup, struct slice key,
                      const uint32_t *tags, unsigned tag_count)
{
    PRE(lookup->level2 == NULL && lookup->on_end != NULL && key.len > 0 && key.len <= REDIS_LEVEL2_KEY_MAX);
    if (tag_count <= REDIS_LEVEL2_TAGS_MAX) {
        lookup->level2 = level2;
        prepare(lookup, key, tags, tag_count);
        bool worth = is_worth_asking(lookup);
        if (worth)
            send_question(lookup);
        if (worth && !lookup->failed)
            return true;
        forget_parts(lookup);
        lookup->level2 = NULL;
    }
    COUNT(level2, skips);
    return false;
}

/* ---- after FILL ---- */

void redis_level2_put(struct redis_lookup *lookup, unsigned tag_count, struct slice bytes, int64_t ttl_ms)
{
    PRE(lookup->level2 != NULL && lookup->lease_asked && lookup->parts_left == 0 && ttl_ms > 0);
    PRE(tag_count < lookup->tag_count);
    char key[KEY_BYTES_MAX], line_bytes[LINE_BYTES_MAX], about_bytes[ABOUT_BYTES_MAX], ms[24];
    struct redis *redis = lookup->level2->redis;
    struct slice line = line_of(lookup, tag_count + 1, line_bytes);
    struct buf value;
    buf_init(&value, redis_plan_of(redis)->limits.out_bytes);
    buf_add(&value, line);
    buf_byte(&value, '\n');
    redis_seal(&value, lookup->secret, about(lookup, line, about_bytes), bytes);
    snprintf(ms, sizeof ms, "%lld", (long long)ttl_ms);
    struct slice words[] = {SLICE("SET"), key_of(lookup, 'e', key), buf_slice(&value), SLICE("PX"),
                            slice_str(ms)};
    if (!value.failed)
        redis_errand(redis, words, ARRAY_LEN(words), words[1]);
    COUNT(lookup->level2, puts);
    buf_done(&value);
    redis_level2_leave(lookup);
}

void redis_level2_leave(struct redis_lookup *lookup)
{
    PRE(lookup->level2 != NULL);
    let_lease_go(lookup);
    lookup->level2 = NULL;
}

void redis_level2_cancel(struct redis_lookup *lookup)
{
    if (lookup->level2 == NULL)
        return;
    loop_timer_stop(&lookup->again);
    forget_parts(lookup);
    redis_level2_leave(lookup);
}
