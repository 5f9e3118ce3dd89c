/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds, beats and trust: see bumps.h. What is heard of other instances is in peers.c. */
#include "redis/bumps.h"

#include <stdio.h>

#include "base/mem.h"
#include "redis/peers.h"
#include "redis/subscriber.h"
#include "redis/tag_set.h"
#include "redis/token.h"

enum {
    BUMPS_MAGIC = 0x42554d50,
    DEADLINE_MS = 1000,
    AGAIN_MS = 50,
    MESSAGE_BYTES_MAX = 16 * 1024,
    SETTLED_BEATS = 3
};

struct step {
    struct redis_command command;
    struct redis_bumps *bumps;
};

struct redis_bumps {
    uint32_t magic;
    struct redis_plan *plan;
    struct loop *loop;
    struct redis_bumps_events events;
    struct redis *redis;
    struct redis_subscriber subscriber;
    struct redis_peers peers;
    struct redis_bumps_counters counters;
    char instance[REDIS_TOKEN_LEN + 1], channel[REDIS_TAG_KEY_MAX];
    bool closed;
    atomic_bool trusted;
    bool was_trusted;
    atomic_bool settled;
    unsigned trusted_beats; /* until it is settled */
    struct mono echo_at;
    struct timer beat, again;

    struct letter letter; /* from whoever added first */
    atomic_bool posted;
    struct tag_set gathered, out; /* not told yet; of the round under way */
    atomic_bool all_gathered, all_out;

    uint64_t sequence; /* of the last message that was told */
    struct step *steps;
    unsigned step_count, steps_left; /* of the round; the PUBLISH comes when none is left */
    bool round_failed, in_round;
    struct step publishing, beating;
    struct buf message;
};

/* ---- what is written to Redis ---- */

size_t redis_tag_key(const struct redis_plan *plan, uint32_t tag, char ret_key[REDIS_TAG_KEY_MAX])
{
    struct slice prefix = plan->url->prefix;
    int len = tag == REDIS_TAG_ALL
                  ? snprintf(ret_key, REDIS_TAG_KEY_MAX, SLICE_FMT "t:all", SLICE_ARG(prefix))
                  : snprintf(ret_key, REDIS_TAG_KEY_MAX, SLICE_FMT "t:%05x", SLICE_ARG(prefix), tag);
    POST(len > 0 && len < REDIS_TAG_KEY_MAX);
    return (size_t)len;
}

static bool publish(struct redis_bumps *bumps, struct step *step, struct slice message)
{
    struct slice words[] = {SLICE("PUBLISH"), slice_str(bumps->channel), message};
    return redis_send(bumps->redis, &step->command, (struct slice){0}, words, 3, DEADLINE_MS) == OK;
}

static void begin_message(struct redis_bumps *bumps, uint64_t sequence, const char *kind)
{
    buf_clear(&bumps->message);
    buf_format(&bumps->message, "v1 %s %llu %s", bumps->instance, (unsigned long long)sequence, kind);
}

/* Unless the last one is still under way. */
static void say(struct redis_bumps *bumps, const char *kind)
{
    char text[64];
    if (bumps->beating.command.link != NULL)
        return;
    int len = snprintf(text, sizeof text, "v1 %s %llu %s", bumps->instance,
                       (unsigned long long)bumps->sequence, kind);
    (void)publish(bumps, &bumps->beating, slice_of(text, (size_t)len));
}

/* Who is not settled, or has yet to make all stale for it, is nobody to rely on. */
static void say_beat(struct redis_bumps *bumps)
{
    bool settled =
        atomic_load(&bumps->settled) && !atomic_load(&bumps->all_gathered) && !atomic_load(&bumps->all_out);
    say(bumps, settled ? "beat" : "new");
}

static void beaten(struct redis_command *command, const struct redis_reply *reply)
{
    (void)command, (void)reply; /* whether it came through is seen by its coming back */
}

/* ---- rounds ---- */

static void begin_round(struct redis_bumps *bumps);

static void round_ended(struct redis_bumps *bumps)
{
    bumps->in_round = false;
    mem_free(bumps->steps);
    bumps->steps = NULL;
    if (bumps->round_failed) {
        atomic_fetch_add(&bumps->counters.rounds_failed, 1);
        (void)tag_set_move(&bumps->gathered, &bumps->out, NULL, NULL);
        if (atomic_load(&bumps->all_out))
            atomic_store(&bumps->all_gathered, true);
        if (!bumps->closed)
            loop_timer_set(bumps->loop, &bumps->again, AGAIN_MS);
    } else {
        atomic_fetch_add(&bumps->counters.rounds, 1);
        bumps->sequence++;
        tag_set_clear(&bumps->out);
    }
    atomic_store(&bumps->all_out, false);
    if (!bumps->round_failed && !bumps->closed)
        begin_round(bumps); /* for what was added meanwhile */
}

static void published(struct redis_command *command, const struct redis_reply *reply)
{
    struct redis_bumps *bumps = container_of(command, struct step, command)->bumps;
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    bumps->round_failed = reply == NULL || reply->kind != REDIS_INTEGER;
    round_ended(bumps);
}

/* The generations are gone: now the others may be told. */
static void steps_ended(struct redis_bumps *bumps)
{
    if (!bumps->round_failed)
        bumps->round_failed = !publish(bumps, &bumps->publishing, buf_slice(&bumps->message));
    if (bumps->round_failed)
        round_ended(bumps);
}

static void deleted(struct redis_command *command, const struct redis_reply *reply)
{
    struct redis_bumps *bumps = container_of(command, struct step, command)->bumps;
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    bumps->round_failed |= reply == NULL || reply->kind != REDIS_INTEGER;
    if (--bumps->steps_left == 0)
        steps_ended(bumps);
}

static void delete_generation(struct redis_bumps *bumps, struct step *step, uint32_t tag)
{
    char key[REDIS_TAG_KEY_MAX];
    struct slice words[] = {SLICE("DEL"), slice_of(key, redis_tag_key(bumps->plan, tag, key))};
    *step = (struct step){.command.on_end = deleted, .bumps = bumps};
    if (redis_send(bumps->redis, &step->command, words[1], words, 2, DEADLINE_MS) == OK)
        bumps->steps_left++;
    else
        bumps->round_failed = true;
}

static void add_step(void *context, uint32_t tag)
{
    struct redis_bumps *bumps = context;
    if (bumps->step_count == REDIS_ROUND_TAGS_MAX) {
        atomic_store(&bumps->all_out, true);
        return;
    }
    buf_format(&bumps->message, " %x", tag);
    delete_generation(bumps, &bumps->steps[bumps->step_count++], tag);
}

static bool anything_gathered(struct redis_bumps *bumps)
{
    bool any = atomic_load(&bumps->all_gathered);
    for (unsigned i = 0; !any && i < ARRAY_LEN(bumps->gathered.filled); i++)
        any = atomic_load(&bumps->gathered.filled[i]) != 0;
    return any;
}

static void begin_round(struct redis_bumps *bumps)
{
    if (bumps->in_round || !anything_gathered(bumps) || !redis_is_up(bumps->redis))
        return; /* when Redis is back `again` or the beat calls once more */
    bumps->in_round = true;
    bumps->round_failed = false;
    bumps->step_count = bumps->steps_left = 0;
    bumps->steps = mem_must((REDIS_ROUND_TAGS_MAX + 1) * sizeof *bumps->steps);
    if (atomic_load(&bumps->all_gathered)) {
        atomic_store(&bumps->all_out, true);
        atomic_store(&bumps->all_gathered, false);
    }
    begin_message(bumps, bumps->sequence + 1, "bump");
    unsigned count = tag_set_move(&bumps->out, &bumps->gathered, add_step, bumps);
    if (atomic_load(&bumps->all_out)) {
        delete_generation(bumps, &bumps->steps[bumps->step_count++], REDIS_TAG_ALL);
        begin_message(bumps, bumps->sequence + 1, "all");
    }
    atomic_fetch_add(&bumps->counters.told, count);
    if (bumps->steps_left == 0)
        round_ended(bumps);
}

static void on_again(struct timer *timer)
{
    begin_round(container_of(timer, struct redis_bumps, again));
}

static void on_letter(struct letter *letter)
{
    struct redis_bumps *bumps = container_of(letter, struct redis_bumps, letter);
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    atomic_store(&bumps->posted, false); /* before the look */
    if (!bumps->closed)
        begin_round(bumps);
}

static void post(struct redis_bumps *bumps)
{
    if (!atomic_exchange(&bumps->posted, true))
        loop_post(bumps->loop, &bumps->letter);
}

void redis_bumps_add(struct redis_bumps *bumps, uint32_t tag)
{
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    PRE(tag < TAG_SET_TAGS);
    tag_set_add(&bumps->gathered, tag);
    post(bumps);
}

void redis_bumps_add_all(struct redis_bumps *bumps)
{
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    atomic_store(&bumps->all_gathered, true);
    post(bumps);
}

static bool has(const struct tag_set *set, uint32_t tag)
{
    return tag != REDIS_TAG_ALL && tag_set_has(set, tag);
}

bool redis_bumps_is_pending(const struct redis_bumps *bumps, uint32_t tag)
{
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    /* Twice: what moves, to and fro, is in the one place before it leaves the other. */
    bool gathered = atomic_load(&bumps->all_gathered) || has(&bumps->gathered, tag);
    bool out = atomic_load(&bumps->all_out) || has(&bumps->out, tag);
    bool still = atomic_load(&bumps->all_gathered) || has(&bumps->gathered, tag);
    return gathered || out || still || !atomic_load(&bumps->settled);
}

/* ---- trust ---- */

static void trust(struct redis_bumps *bumps)
{
    bool again = bumps->was_trusted;
    bumps->was_trusted = true;
    atomic_store(&bumps->trusted, true);
    bumps->events.on_bump_all(bumps->events.context);
    if (again) /* Redis may have come back as it once was */
        redis_bumps_add_all(bumps);
}

static void distrust(struct redis_bumps *bumps)
{
    if (!atomic_exchange(&bumps->trusted, false))
        return;
    atomic_fetch_add(&bumps->counters.distrusts, 1);
    bumps->events.on_bump_all(bumps->events.context);
}

static void on_up(struct redis_subscriber *subscriber)
{
    say_beat(container_of(subscriber, struct redis_bumps, subscriber));
}

static void on_down(struct redis_subscriber *subscriber)
{
    distrust(container_of(subscriber, struct redis_bumps, subscriber));
}

static void on_message(struct redis_subscriber *subscriber, struct slice text)
{
    struct redis_bumps *bumps = container_of(subscriber, struct redis_bumps, subscriber);
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    struct redis_message message;
    if (!redis_message_read(text, &message)) {
        atomic_fetch_add(&bumps->counters.malformed, 1);
        return;
    }
    if (slice_eq(message.instance, slice_str(bumps->instance))) {
        bumps->echo_at = loop_now(bumps->loop);
        if (!atomic_load(&bumps->trusted))
            trust(bumps);
        return;
    }
    atomic_fetch_add(&bumps->counters.heard, 1);
    bool gap = redis_peers_hear(&bumps->peers, &message, loop_now(bumps->loop));
    if (gap || message.kind == REDIS_MESSAGE_ALL) {
        atomic_fetch_add(gap ? &bumps->counters.gaps : &bumps->counters.heard_all, 1);
        bumps->events.on_bump_all(bumps->events.context);
    }
    uint32_t tag;
    while (redis_message_next_tag(&message, &tag))
        bumps->events.on_bump(bumps->events.context, tag);
}

/* Who begins, and hears nobody, cannot know what was written by the last one that died. */
static void settle(struct redis_bumps *bumps)
{
    bumps->trusted_beats = atomic_load(&bumps->trusted) ? bumps->trusted_beats + 1 : 0;
    if (bumps->trusted_beats < SETTLED_BEATS)
        return;
    if (!redis_peers_are_settled(&bumps->peers))
        redis_bumps_add_all(bumps);
    atomic_store(&bumps->settled, true);
}

static void on_beat(struct timer *timer)
{
    struct redis_bumps *bumps = container_of(timer, struct redis_bumps, beat);
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    struct mono now = loop_now(bumps->loop);
    bool deaf = mono_diff_us(now, bumps->echo_at) > REDIS_BUMPS_SILENT_MS * 1000;
    loop_timer_set(bumps->loop, timer, REDIS_BUMPS_BEAT_MS);
    if (deaf)
        distrust(bumps);
    say_beat(bumps);
    if (!atomic_load(&bumps->settled))
        settle(bumps);
    if (!deaf && redis_peers_fell_silent(&bumps->peers, now, REDIS_BUMPS_SILENT_MS)) {
        atomic_fetch_add(&bumps->counters.silences, 1);
        redis_bumps_add_all(bumps);
        bumps->events.on_bump_all(bumps->events.context);
    }
    begin_round(bumps);
}

bool redis_bumps_is_trusted(const struct redis_bumps *bumps)
{
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    return atomic_load(&bumps->trusted);
}

/* ---- life ---- */

struct redis_bumps *redis_bumps_open(struct redis_plan *plan, struct loop *loop,
                                     const struct redis_bumps_events *events)
{
    PRE(events->on_bump != NULL && events->on_bump_all != NULL);
    struct redis_bumps *bumps = mem_must(sizeof *bumps);
    bumps->magic = BUMPS_MAGIC;
    bumps->plan = plan;
    bumps->loop = loop;
    bumps->events = *events;
    bumps->beat.on_due = on_beat;
    bumps->again.on_due = on_again;
    bumps->letter.on_receive = on_letter;
    bumps->publishing = (struct step){.command.on_end = published, .bumps = bumps};
    bumps->beating = (struct step){.command.on_end = beaten, .bumps = bumps};
    buf_init(&bumps->message, MESSAGE_BYTES_MAX);
    redis_token_make(bumps->instance);
    snprintf(bumps->channel, sizeof bumps->channel, SLICE_FMT "bumps", SLICE_ARG(plan->url->prefix));
    bumps->redis = redis_open(plan, loop);
    bumps->subscriber.channel = slice_str(bumps->channel);
    bumps->subscriber.on_up = on_up;
    bumps->subscriber.on_down = on_down;
    bumps->subscriber.on_message = on_message;
    redis_subscriber_open(&bumps->subscriber, plan, loop);
    loop_timer_set(loop, &bumps->beat, REDIS_BUMPS_BEAT_MS);
    return bumps;
}

/* The turn's write has gone, or the links are closed. */
bool redis_bumps_is_quiet(const struct redis_bumps *bumps)
{
    return bumps->closed && !atomic_load(&bumps->posted) && redis_is_quiet(bumps->redis) &&
           redis_subscriber_is_quiet(&bumps->subscriber);
}

static void said_bye(struct redis_command *command, const struct redis_reply *reply)
{
    struct redis_bumps *bumps = container_of(command, struct step, command)->bumps;
    (void)reply;
    redis_close(bumps->redis);
}

void redis_bumps_close(struct redis_bumps *bumps)
{
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    PRE(!bumps->closed);
    bumps->closed = true;
    loop_timer_stop(&bumps->beat);
    loop_timer_stop(&bumps->again);
    redis_subscriber_close(&bumps->subscriber);
    redis_forget(&bumps->beating.command);
    bumps->beating.command.on_end = said_bye;
    say(bumps, anything_gathered(bumps) || bumps->in_round ? "beat" : "bye");
    if (bumps->beating.command.link == NULL)
        redis_close(bumps->redis);
}

void redis_bumps_free(struct redis_bumps *bumps)
{
    if (bumps == NULL)
        return;
    CHECK_MAGIC(bumps, BUMPS_MAGIC);
    PRE(redis_bumps_is_quiet(bumps));
    redis_subscriber_done(&bumps->subscriber);
    redis_free(bumps->redis);
    buf_done(&bumps->message);
    mem_free(bumps->steps);
    bumps->magic = 0;
    mem_free(bumps);
}

struct redis *redis_bumps_client(struct redis_bumps *bumps)
{
    return bumps->redis;
}

const struct redis_bumps_counters *redis_bumps_counters(const struct redis_bumps *bumps)
{
    return &bumps->counters;
}
