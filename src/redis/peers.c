/* SPDX-License-Identifier: Apache-2.0 */
/* See peers.h. */
#include "redis/peers.h"

#include "base/check.h"

enum { TAGS = 1 << 20 };

static bool read_kind(struct slice word, enum redis_message_kind *ret_kind)
{
    static const struct slice words[] = {[REDIS_MESSAGE_BUMP] = SLICE_INIT("bump"),
                                         [REDIS_MESSAGE_ALL] = SLICE_INIT("all"),
                                         [REDIS_MESSAGE_BEAT] = SLICE_INIT("beat"),
                                         [REDIS_MESSAGE_NEW] = SLICE_INIT("new"),
                                         [REDIS_MESSAGE_BYE] = SLICE_INIT("bye")};
    for (unsigned i = 0; i < ARRAY_LEN(words); i++)
        if (slice_eq(word, words[i])) {
            *ret_kind = i;
            return true;
        }
    return false;
}

bool redis_message_read(struct slice text, struct redis_message *ret_message)
{
    struct redis_message message;
    int64_t sequence;
    if (!slice_eq(slice_cut(&text, ' '), SLICE("v1")))
        return false;
    message.instance = slice_cut(&text, ' ');
    if (message.instance.len != REDIS_TOKEN_LEN || !slice_to_int(slice_cut(&text, ' '), &sequence) ||
        sequence < 0 || !read_kind(slice_cut(&text, ' '), &message.kind))
        return false;
    message.sequence = (uint64_t)sequence;
    message.tags = message.kind == REDIS_MESSAGE_BUMP ? text : (struct slice){0};
    *ret_message = message;
    return true;
}

static bool read_hex(struct slice text, uint32_t *ret_number)
{
    uint32_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) || number >= TAGS)
            return false;
        number = number * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *ret_number = number;
    return text.len > 0 && number < TAGS;
}

bool redis_message_next_tag(struct redis_message *message, uint32_t *ret_tag)
{
    while (message->tags.len > 0)
        if (read_hex(slice_cut(&message->tags, ' '), ret_tag))
            return true;
    return false;
}

static struct redis_peer *find(struct redis_peers *peers, struct slice instance)
{
    for (unsigned i = 0; i < REDIS_PEERS_MAX; i++)
        if (slice_eq(slice_str(peers->items[i].instance), instance))
            return &peers->items[i];
    return NULL;
}

/* A free place, or that of the longest unheard. */
static struct redis_peer *place(struct redis_peers *peers)
{
    struct redis_peer *oldest = &peers->items[0];
    for (unsigned i = 0; i < REDIS_PEERS_MAX; i++) {
        struct redis_peer *peer = &peers->items[i];
        if (peer->instance[0] == '\0')
            return peer;
        if (peer->heard_at.us < oldest->heard_at.us)
            oldest = peer;
    }
    return oldest;
}

/* What it must have told before this message. */
static uint64_t told_before(const struct redis_message *message)
{
    bool counts = message->kind == REDIS_MESSAGE_BUMP || message->kind == REDIS_MESSAGE_ALL;
    return counts && message->sequence > 0 ? message->sequence - 1 : message->sequence;
}

bool redis_peers_hear(struct redis_peers *peers, const struct redis_message *message, struct mono now)
{
    PRE(message->instance.len == REDIS_TOKEN_LEN);
    struct redis_peer *peer = find(peers, message->instance);
    if (peer == NULL) {
        peer = place(peers);
        *peer = (struct redis_peer){.heard_at = now};
        memcpy(peer->instance, message->instance.data, REDIS_TOKEN_LEN);
    }
    bool gap = told_before(message) > peer->sequence;
    peer->sequence = message->sequence > peer->sequence ? message->sequence : peer->sequence;
    peer->heard_at = now;
    peer->silent = false;
    if (message->kind == REDIS_MESSAGE_BEAT || message->kind == REDIS_MESSAGE_NEW)
        peer->settled = message->kind == REDIS_MESSAGE_BEAT;
    if (message->kind == REDIS_MESSAGE_BYE)
        peer->instance[0] = '\0';
    return gap;
}

bool redis_peers_fell_silent(struct redis_peers *peers, struct mono now, int64_t silent_ms)
{
    bool any = false;
    for (unsigned i = 0; i < REDIS_PEERS_MAX; i++) {
        struct redis_peer *peer = &peers->items[i];
        if (peer->instance[0] == '\0' || peer->silent || mono_diff_us(now, peer->heard_at) < silent_ms * 1000)
            continue;
        peer->silent = any = true;
    }
    return any;
}

bool redis_peers_are_settled(const struct redis_peers *peers)
{
    for (unsigned i = 0; i < REDIS_PEERS_MAX; i++) {
        const struct redis_peer *peer = &peers->items[i];
        if (peer->instance[0] != '\0' && peer->settled && !peer->silent)
            return true;
    }
    return false;
}
