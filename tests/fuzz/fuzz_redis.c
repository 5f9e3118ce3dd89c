/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a URL of Redis, as replies cut in two, as a map of slots and as a redirection. What the first byte says cuts. */
#include "redis/slots.h"

#include "config/redis.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_url(struct slice text)
{
    struct arena arena;
    struct redis_url url;
    char why[256];
    arena_init(&arena, 1024);
    if (redis_url_parse(&arena, text, &url, why) == OK) {
        PRE(url.host_count >= 1 && url.host_count <= REDIS_HOSTS_MAX && url.prefix.len > 0);
        for (unsigned i = 0; i < url.host_count; i++)
            PRE(url.hosts[i].port >= 1 && url.hosts[i].port <= 65535 && url.hosts[i].name.len > 0);
    }
    arena_done(&arena);
}

static void as_map(const struct redis_reply *reply)
{
    struct redis_slots slots;
    if (redis_slots_read(reply, SLICE("asked"), &slots) != OK)
        return;
    for (unsigned slot = 0; slot < REDIS_SLOTS; slot++)
        PRE(slots.owner[slot] < slots.count || slots.owner[slot] == REDIS_NODE_NONE);
}

static enum error feed(struct redis_reader *reader, struct slice bytes)
{
    const struct redis_reply *reply = NULL;
    enum error error = redis_reader_feed(reader, bytes);
    while (error == OK && (error = redis_reader_next(reader, &reply)) == OK && reply != NULL)
        as_map(reply);
    return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > REDIS_FEED_BYTES_MAX)
        return 0;
    struct slice text = slice_of((const char *)data + 1, size - 1);
    struct redis_redirect redirect;
    as_url(text);
    if (redis_redirect_read(text, &redirect))
        PRE(redirect.to.port >= 1 && redirect.to.port <= 65535 &&
            redirect.to.name.len <= REDIS_HOST_BYTES_MAX);
    PRE(redis_slot(text) < REDIS_SLOTS);
    struct redis_reader *reader = redis_reader_new(1 << 16);
    size_t cut = text.len * data[0] / 256;
    if (feed(reader, slice_of(text.data, cut)) == OK)
        (void)!feed(reader, slice_skip(text, cut));
    redis_reader_free(reader);
    return 0;
}
