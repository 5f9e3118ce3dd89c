/* SPDX-License-Identifier: Apache-2.0 */
/* See slots.h. */
#include "redis/slots.h"

/* CRC-16/XMODEM (polynomial 0x1021, from 0), bit by bit: keys are short. */
static uint16_t crc16(struct slice bytes)
{
    uint16_t crc = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (uint16_t)((uint8_t)bytes.data[i] << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}

unsigned redis_slot(struct slice key)
{
    size_t open = slice_find(key, '{');
    struct slice tag = slice_skip(key, open + 1);
    size_t close = slice_find(tag, '}');
    if (open < key.len && close < tag.len && close > 0)
        key = slice_of(tag.data, close);
    return crc16(key) % REDIS_SLOTS;
}

static bool is_number(const struct redis_reply *reply, int64_t low, int64_t high)
{
    return reply->kind == REDIS_INTEGER && reply->integer >= low && reply->integer <= high;
}

/* The node's place, put there when it is new; REDIS_NODE_NONE: malformed, or too many. */
static unsigned node_at(struct redis_slots *slots, const struct redis_reply *node, struct slice asked)
{
    if (node->kind != REDIS_ARRAY || node->count < 2 || !is_number(node->items[1], 1, 65535))
        return REDIS_NODE_NONE;
    struct slice name = node->items[0]->text; /* nil: none */
    if (name.len == 0 || slice_eq(name, SLICE("?")))
        name = asked;
    unsigned port = (unsigned)node->items[1]->integer;
    if (name.len == 0 || name.len > REDIS_HOST_BYTES_MAX)
        return REDIS_NODE_NONE;
    for (unsigned i = 0; i < slots->count; i++)
        if (slots->nodes[i].port == port && slice_eq(slots->nodes[i].name, name))
            return i;
    if (slots->count == REDIS_NODES_MAX)
        return REDIS_NODE_NONE;
    slots->nodes[slots->count] = (struct redis_host){name, port};
    return slots->count++;
}

static bool read_range(struct redis_slots *slots, const struct redis_reply *range, struct slice asked)
{
    if (range->kind != REDIS_ARRAY || range->count < 3 || !is_number(range->items[0], 0, REDIS_SLOTS - 1) ||
        !is_number(range->items[1], range->items[0]->integer, REDIS_SLOTS - 1))
        return false;
    unsigned node = node_at(slots, range->items[2], asked);
    if (node == REDIS_NODE_NONE)
        return false;
    size_t first = (size_t)range->items[0]->integer, last = (size_t)range->items[1]->integer;
    memset(slots->owner + first, (int)node, last - first + 1);
    return true;
}

enum error redis_slots_read(const struct redis_reply *reply, struct slice asked,
                            struct redis_slots *ret_slots)
{
    struct redis_slots slots = {0};
    memset(slots.owner, REDIS_NODE_NONE, sizeof slots.owner);
    if (reply->kind != REDIS_ARRAY)
        return ERR_INVALID;
    for (unsigned i = 0; i < reply->count; i++)
        if (!read_range(&slots, reply->items[i], asked))
            return ERR_INVALID;
    *ret_slots = slots;
    return OK;
}

bool redis_redirect_read(struct slice text, struct redis_redirect *ret_redirect)
{
    struct slice word = slice_cut(&text, ' '), slot = slice_cut(&text, ' ');
    int64_t number, port;
    bool ask = slice_eq(word, SLICE("ASK"));
    if ((!ask && !slice_eq(word, SLICE("MOVED"))) || !slice_to_int(slot, &number) || number < 0 ||
        number >= REDIS_SLOTS || text.len == 0)
        return false;
    const char *colon = memrchr(text.data, ':', text.len); /* an IPv6 address has more of them */
    size_t len = colon ? (size_t)(colon - text.data) : text.len;
    if (len >= text.len || len > REDIS_HOST_BYTES_MAX || !slice_to_int(slice_skip(text, len + 1), &port) ||
        port < 1 || port > 65535)
        return false;
    *ret_redirect = (struct redis_redirect){ask, {slice_of(text.data, len), (unsigned)port}};
    return true;
}
