/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a link: what is asked goes out once a turn, through TLS where there is any; what comes is fed to the reader and
 * handed round by state. See link.h. */
#include "net/sys.h"
#include "redis/link_parts.h"

enum { READS_PER_EVENT = 16, COMPACT_BYTES = 64 * 1024, KEEP_BYTES = 256 * 1024 };

/* ---- out ---- */

bool redis_link_watch(struct redis_link *link, uint32_t events)
{
    if (link->watch.loop != NULL) {
        if (events != link->watched)
            loop_watch_change(&link->watch, events);
    } else if (loop_watch_level(link->loop, &link->watch, events) != OK) {
        return false;
    }
    link->watched = events;
    return true;
}

/* What goes onto the socket. */
static struct buf *outgoing(struct redis_link *link)
{
    return link->tls ? &link->wire : &link->out;
}

static bool encrypt(struct redis_link *link)
{
    if (link->state >= REDIS_LINK_GREETING && link->out.len > 0) {
        if (redis_tls_write(link->tls, buf_slice(&link->out)) != IO_OK)
            return false;
        buf_clear(&link->out);
    }
    redis_tls_drain(link->tls, &link->wire);
    return !link->wire.failed;
}

static enum io send_all(struct redis_link *link, struct buf *from)
{
    while (link->sent < from->len) {
        struct iovec piece = {from->data + link->sent, from->len - link->sent};
        size_t taken;
        enum io sent = sys_send(link->watch.fd, &piece, 1, &taken);
        if (sent != IO_OK)
            return sent;
        link->sent += taken;
        atomic_fetch_add_explicit(&link->plan->counters.bytes_out, taken, memory_order_relaxed);
    }
    return IO_OK;
}

/* Drops what is sent. */
static void compact(struct redis_link *link, struct buf *from)
{
    if (link->sent < from->len && link->sent < COMPACT_BYTES)
        return;
    memmove(from->data, from->data + link->sent, from->len - link->sent);
    from->len -= link->sent;
    link->sent = 0;
    if (from->len == 0 && from->cap > KEEP_BYTES)
        buf_done(from);
}

static void flush(struct redis_link *link)
{
    struct buf *from = outgoing(link);
    if (link->tls && !encrypt(link)) {
        redis_link_lose(link, "TLS cannot write");
        return;
    }
    if (from->len == 0)
        return;
    enum io sent = send_all(link, from);
    if (sent == IO_OK || sent == IO_AGAIN) {
        compact(link, from);
        (void)redis_link_watch(link, from->len > link->sent ? EPOLLIN | EPOLLOUT : EPOLLIN);
    } else {
        redis_link_lose(link, "it takes no more bytes");
    }
}

void redis_link_on_flush(struct task *task)
{
    struct redis_link *link = container_of(task, struct redis_link, flush);
    CHECK_MAGIC(link, REDIS_LINK_MAGIC);
    if (link->state >= REDIS_LINK_SECURING && link->state <= REDIS_LINK_READY)
        flush(link);
}

void redis_encode(struct buf *out, const struct slice *words, unsigned count)
{
    buf_byte(out, '*');
    buf_uint(out, count);
    buf_lit(out, "\r\n");
    for (unsigned i = 0; i < count; i++) {
        buf_byte(out, '$');
        buf_uint(out, words[i].len);
        buf_lit(out, "\r\n");
        buf_add(out, words[i]);
        buf_lit(out, "\r\n");
    }
}

/* ---- in ---- */

static bool is_pong(const struct redis_reply *reply)
{
    if (reply->kind == REDIS_ARRAY && reply->count > 0)
        reply = reply->items[0];
    return slice_eq_nocase(reply->text, SLICE("pong"));
}

static void hand_on(struct redis_link *link, const struct redis_reply *reply)
{
    if (link->state == REDIS_LINK_GREETING) {
        redis_link_greeted(link, reply);
    } else if (link->push) {
        bool pong = link->pinged && is_pong(reply);
        link->pinged = link->pinged && !pong;
        if (!pong)
            link->events->on_push(link, reply);
    } else if (!redis_row_waits(link)) {
        redis_link_lose(link, "a reply that nothing asked for");
    } else {
        struct redis_command *command = redis_row_shift(link);
        if (reply->kind == REDIS_ERROR)
            atomic_fetch_add_explicit(&link->plan->counters.errors, 1, memory_order_relaxed);
        if (command != NULL)
            link->events->on_end(link, command, reply);
    }
}

/* False: the connection these bytes came by is no more. */
static bool take(struct redis_link *link, struct slice bytes)
{
    uint64_t connection = link->connection;
    const struct redis_reply *reply = NULL;
    link->waiting_since = loop_now(link->loop);
    enum error error = redis_reader_feed(link->reader, bytes);
    while (error == OK && (error = redis_reader_next(link->reader, &reply)) == OK && reply != NULL) {
        hand_on(link, reply);
        if (link->connection != connection)
            return false;
    }
    if (error != OK)
        redis_link_lose(link, redis_reader_why(link->reader));
    return error == OK;
}

static void lose_tls(struct redis_link *link)
{
    char why[256];
    redis_tls_why(link->tls, why);
    redis_link_lose(link, why);
}

/* Goes on with the handshake; true: it is done and there may be plain text. */
static bool secure(struct redis_link *link)
{
    if (link->state != REDIS_LINK_SECURING)
        return true;
    enum io shaken = redis_tls_shake(link->tls);
    if (shaken == IO_OK) {
        redis_link_greet(link);
        return true;
    }
    if (shaken == IO_AGAIN)
        flush(link);
    else
        lose_tls(link);
    return false;
}

static bool take_secured(struct redis_link *link, struct slice wire)
{
    char plain[REDIS_FEED_BYTES_MAX];
    size_t len;
    enum io got = IO_OK;
    if (!redis_tls_feed(link->tls, wire)) {
        redis_link_lose(link, "memory is out");
        return false;
    }
    uint64_t connection = link->connection;
    if (!secure(link))
        return link->connection == connection;
    while ((got = redis_tls_read(link->tls, plain, sizeof plain, &len)) == IO_OK)
        if (!take(link, slice_of(plain, len)))
            return false;
    if (got == IO_AGAIN)
        loop_at_turn_end(link->loop, &link->flush); /* TLS itself may have something to say */
    else if (got == IO_CLOSED)
        redis_link_lose(link, "it closed the connection");
    else
        lose_tls(link);
    return got == IO_AGAIN;
}

static void read_on(struct redis_link *link)
{
    char bytes[REDIS_FEED_BYTES_MAX];
    for (int i = 0; i < READS_PER_EVENT; i++) {
        size_t len;
        enum io got = sys_read(link->watch.fd, bytes, sizeof bytes, &len);
        if (got == IO_AGAIN)
            return;
        if (got != IO_OK) {
            redis_link_lose(link, got == IO_CLOSED ? "it closed the connection" : "the connection broke");
            return;
        }
        atomic_fetch_add_explicit(&link->plan->counters.bytes_in, len, memory_order_relaxed);
        struct slice came = slice_of(bytes, len);
        if (!(link->tls ? take_secured(link, came) : take(link, came)) || len < sizeof bytes)
            return;
    }
}

void redis_link_on_events(struct watch *watch, uint32_t events)
{
    struct redis_link *link = container_of(watch, struct redis_link, watch);
    CHECK_MAGIC(link, REDIS_LINK_MAGIC);
    if (link->state == REDIS_LINK_CONNECTING) {
        redis_link_connected(link);
        return;
    }
    uint64_t connection = link->connection;
    if (events & EPOLLOUT)
        flush(link);
    if (link->connection == connection && (events & ~(uint32_t)EPOLLOUT))
        read_on(link);
}
