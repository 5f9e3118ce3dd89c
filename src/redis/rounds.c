/* SPDX-License-Identifier: Apache-2.0 */
/* See rounds.h. */
#include "redis/rounds.h"

#include <stdio.h>

#include "base/mem.h"
#include "redis/subscriber.h"
#include "redis/token.h"

enum { ROUNDS_MAGIC = 0x524f554e, SILENT_MS = 1000, LEAVE_OUT = 3, DEADLINE_MS = 1000 };

struct member {
    char name[REDIS_TOKEN_LEN + 1]; /* empty: free */
    struct mono heard_at;
    uint64_t round; /* of its offer */
    struct buf offer;
};

struct redis_rounds {
    uint32_t magic;
    struct redis *redis;
    struct loop *loop;
    int64_t interval_ms;
    struct redis_rounds_events events;
    struct redis_subscriber subscriber;
    char name[REDIS_TOKEN_LEN + 1], channel[REDIS_HOST_BYTES_MAX];
    bool closed;
    struct timer tick;
    uint64_t round;   /* of the last deal */
    unsigned waiting; /* intervals since our offer; 0: none is out */
    uint64_t dealt;   /* of the last deal that was published here, as leader; again, if it is lost */
    struct member members[REDIS_ROUND_MEMBERS_MAX]; /* in the order of names */
    unsigned member_count;
    struct redis_command publishing;
    struct buf message;
};

/* ---- who is there ---- */

static struct member *member_of(struct redis_rounds *rounds, struct slice name)
{
    unsigned at = 0;
    while (at < rounds->member_count && slice_cmp(slice_str(rounds->members[at].name), name) < 0)
        at++;
    struct member *member = &rounds->members[at];
    if (at < rounds->member_count && slice_eq(slice_str(member->name), name))
        return member;
    if (rounds->member_count == REDIS_ROUND_MEMBERS_MAX)
        return NULL;
    memmove(member + 1, member, (rounds->member_count - at) * sizeof *member);
    rounds->member_count++;
    *member = (struct member){0};
    memcpy(member->name, name.data, REDIS_TOKEN_LEN);
    buf_init(&member->offer, REDIS_OFFER_BYTES_MAX);
    return member;
}

static void drop_silent(struct redis_rounds *rounds)
{
    struct mono now = loop_now(rounds->loop);
    for (unsigned i = 0; i < rounds->member_count;) {
        struct member *member = &rounds->members[i];
        if (mono_diff_us(now, member->heard_at) < SILENT_MS * 1000) {
            i++;
            continue;
        }
        buf_done(&member->offer);
        memmove(member, member + 1, (--rounds->member_count - i) * sizeof *member);
    }
}

static bool leads(const struct redis_rounds *rounds)
{
    return rounds->member_count > 0 && slice_eq(slice_str(rounds->members[0].name), slice_str(rounds->name));
}

/* ---- what is said ---- */

static void published(struct redis_command *command, const struct redis_reply *reply)
{
    (void)command, (void)reply; /* whether it was heard is seen by what comes */
}

/* Both kinds of message of a leader may be under way: the second then has no command to wait by. */
static void publish(struct redis_rounds *rounds)
{
    struct slice words[] = {SLICE("PUBLISH"), slice_str(rounds->channel), buf_slice(&rounds->message)};
    if (rounds->message.failed)
        return;
    redis_forget(&rounds->publishing);
    (void)!redis_send(rounds->redis, &rounds->publishing, (struct slice){0}, words, 3, DEADLINE_MS);
}

static void offer(struct redis_rounds *rounds)
{
    if (rounds->waiting >= LEAVE_OUT)
        rounds->dealt = rounds->round; /* a deal that went out has come to nobody */
    buf_clear(&rounds->message);
    buf_format(&rounds->message, "v1 %s offer %llu\n", rounds->name, (unsigned long long)rounds->round + 1);
    rounds->events.on_offer(rounds->events.context, &rounds->message);
    rounds->waiting = 1;
    publish(rounds);
}

static unsigned offers_of(const struct redis_rounds *rounds, uint64_t round)
{
    unsigned count = 0;
    for (unsigned i = 0; i < rounds->member_count; i++)
        count += rounds->members[i].round == round;
    return count;
}

static void deal(struct redis_rounds *rounds, uint64_t round)
{
    unsigned count = offers_of(rounds, round);
    if (count == 0 || rounds->dealt >= round)
        return;
    rounds->dealt = round;
    buf_clear(&rounds->message);
    buf_format(&rounds->message, "v1 %s deal %llu %u\n", rounds->name, (unsigned long long)round, count);
    for (unsigned i = 0; i < rounds->member_count; i++) {
        const struct member *member = &rounds->members[i];
        if (member->round != round)
            continue;
        buf_format(&rounds->message, "%s %zu\n", member->name, member->offer.len);
        buf_add(&rounds->message, buf_slice(&member->offer));
    }
    publish(rounds);
}

/* ---- what is heard ---- */

static void hear_offer(struct redis_rounds *rounds, struct slice name, uint64_t round, struct slice bytes)
{
    struct member *member = member_of(rounds, name);
    if (member == NULL)
        return;
    member->heard_at = loop_now(rounds->loop);
    member->round = round;
    buf_clear(&member->offer);
    buf_add(&member->offer, bytes);
    if (member->offer.failed)
        member->round = 0;
    if (leads(rounds) && round == rounds->round + 1 && offers_of(rounds, round) == rounds->member_count)
        deal(rounds, round);
    else if (round > rounds->round + 1) /* we come late, and go on where the others are */
        rounds->round = round - 1;
}

/* False: malformed. */
static bool read_offers(struct redis_rounds *rounds, struct slice bytes, unsigned count,
                        struct slice *ret_offers, unsigned *ret_self)
{
    *ret_self = count;
    for (unsigned i = 0; i < count; i++) {
        struct slice line = slice_cut(&bytes, '\n'), name = slice_cut(&line, ' ');
        int64_t len;
        if (!slice_to_int(line, &len) || len < 0 || (uint64_t)len > bytes.len)
            return false;
        ret_offers[i] = slice_of(bytes.data, (size_t)len);
        bytes = slice_skip(bytes, (size_t)len);
        if (slice_eq(name, slice_str(rounds->name)))
            *ret_self = i;
    }
    return bytes.len == 0;
}

static void hear_deal(struct redis_rounds *rounds, uint64_t round, struct slice head, struct slice bytes)
{
    struct slice offers[REDIS_ROUND_MEMBERS_MAX];
    unsigned self;
    int64_t count;
    if (round <= rounds->round || !slice_to_int(head, &count) || count < 1 ||
        count > REDIS_ROUND_MEMBERS_MAX || !read_offers(rounds, bytes, (unsigned)count, offers, &self))
        return;
    bool ours = rounds->waiting > 0 && round == rounds->round + 1 && self < (unsigned)count;
    rounds->round = round;
    rounds->waiting = 0;
    if (ours)
        rounds->events.on_deal(rounds->events.context, offers, (unsigned)count, self);
}

static void on_message(struct redis_subscriber *subscriber, struct slice bytes)
{
    struct redis_rounds *rounds = container_of(subscriber, struct redis_rounds, subscriber);
    CHECK_MAGIC(rounds, ROUNDS_MAGIC);
    struct slice head = slice_cut(&bytes, '\n');
    int64_t round;
    if (!slice_eq(slice_cut(&head, ' '), SLICE("v1")))
        return;
    struct slice name = slice_cut(&head, ' '), kind = slice_cut(&head, ' ');
    if (name.len != REDIS_TOKEN_LEN || !slice_to_int(slice_cut(&head, ' '), &round) || round < 1)
        return;
    if (slice_eq(kind, SLICE("offer")))
        hear_offer(rounds, name, (uint64_t)round, bytes);
    else if (slice_eq(kind, SLICE("deal")))
        hear_deal(rounds, (uint64_t)round, head, bytes);
}

static void on_tick(struct timer *timer)
{
    struct redis_rounds *rounds = container_of(timer, struct redis_rounds, tick);
    CHECK_MAGIC(rounds, ROUNDS_MAGIC);
    loop_timer_set(rounds->loop, timer, rounds->interval_ms);
    drop_silent(rounds);
    if (!rounds->subscriber.up)
        return;
    if (rounds->waiting == 0 || rounds->waiting >= LEAVE_OUT) {
        offer(rounds);
        return;
    }
    rounds->waiting++;
    if (leads(rounds))
        deal(rounds, rounds->round + 1); /* without those that are late */
}

/* ---- life ---- */

static void on_up_or_down(struct redis_subscriber *subscriber)
{
    container_of(subscriber, struct redis_rounds, subscriber)->waiting = 0;
}

struct redis_rounds *redis_rounds_open(struct redis_plan *plan, struct redis *redis, struct loop *loop,
                                       int64_t interval_ms, const struct redis_rounds_events *events)
{
    PRE(events->on_offer != NULL && events->on_deal != NULL && interval_ms > 0);
    struct redis_rounds *rounds = mem_must(sizeof *rounds);
    rounds->magic = ROUNDS_MAGIC;
    rounds->redis = redis;
    rounds->loop = loop;
    rounds->interval_ms = interval_ms;
    rounds->events = *events;
    rounds->publishing.on_end = published;
    buf_init(&rounds->message, plan->limits.out_bytes);
    redis_token_make(rounds->name);
    snprintf(rounds->channel, sizeof rounds->channel, SLICE_FMT "rounds", SLICE_ARG(plan->url->prefix));
    rounds->subscriber = (struct redis_subscriber){.channel = slice_str(rounds->channel),
                                                   .on_up = on_up_or_down,
                                                   .on_down = on_up_or_down,
                                                   .on_message = on_message};
    redis_subscriber_open(&rounds->subscriber, plan, loop);
    rounds->tick.on_due = on_tick;
    loop_timer_set(loop, &rounds->tick, interval_ms);
    return rounds;
}

void redis_rounds_close(struct redis_rounds *rounds)
{
    CHECK_MAGIC(rounds, ROUNDS_MAGIC);
    rounds->closed = true;
    loop_timer_stop(&rounds->tick);
    redis_forget(&rounds->publishing);
    redis_subscriber_close(&rounds->subscriber);
}

bool redis_rounds_is_quiet(const struct redis_rounds *rounds)
{
    return rounds->closed && redis_subscriber_is_quiet(&rounds->subscriber);
}

void redis_rounds_free(struct redis_rounds *rounds)
{
    if (rounds == NULL)
        return;
    CHECK_MAGIC(rounds, ROUNDS_MAGIC);
    PRE(redis_rounds_is_quiet(rounds));
    redis_subscriber_done(&rounds->subscriber);
    for (unsigned i = 0; i < rounds->member_count; i++)
        buf_done(&rounds->members[i].offer);
    buf_done(&rounds->message);
    rounds->magic = 0;
    mem_free(rounds);
}
