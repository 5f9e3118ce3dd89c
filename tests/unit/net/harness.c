/* SPDX-License-Identifier: Apache-2.0 */
/* A server and its clients in one thread; harness.h says how it answers. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/writer.h"

enum { STREAM_PIECE_BYTES = 65536 };

const struct net_limits harness_limits = {
    .head_bytes_max = 16 * 1024,
    .heads_bytes_total = 16 * 1024 * 1024,
    .body_bytes_max = 8 * 1024 * 1024,
    .connections_max = 1000,
    .per_address_max = 1000,
    .head_timeout_ms = 60 * 1000,
    .idle_timeout_ms = 60 * 1000,
};

void harness_reply(struct conn *conn, unsigned status, struct slice body)
{
    struct buf *out = conn_out(conn);
    bool close = conn_must_close(conn);
    http_write_status(out, status);
    http_write_length(out, body.len);
    http_write_connection(out, 1, !close);
    http_write_end(out);
    buf_add(out, body);
    conn_done(conn, close);
}

void harness_answer(struct harness *harness, unsigned number, struct slice body)
{
    assert_true(number < harness->parked_count);
    struct conn *conn = harness->parked[number];
    assert_non_null(conn);
    harness->parked[number] = NULL;
    harness_reply(conn, 200, body);
}

static void park(struct harness *harness, struct conn *conn)
{
    assert_true(harness->parked_count < PARKED_MAX);
    harness->parked[harness->parked_count++] = conn;
}

static void reply_big(struct conn *conn, size_t bytes)
{
    struct buf body;
    buf_init(&body, bytes + 1);
    char *to = buf_room(&body, bytes + 1);
    assert_non_null(to);
    memset(to, 'x', bytes);
    body.len = bytes;
    struct buf *out = conn_out(conn);
    bool close = conn_must_close(conn);
    http_write_status(out, 200);
    http_write_length(out, bytes);
    http_write_connection(out, 1, !close);
    http_write_end(out);
    conn_out_take(conn, &body);
    assert_int_equal(body.len, 0);
    conn_done(conn, close);
}

static void stream_piece(struct harness *harness, struct conn *conn)
{
    if (harness->stream_left == 0) {
        conn_done(conn, conn_must_close(conn));
        return;
    }
    harness->stream_left--;
    char piece[STREAM_PIECE_BYTES];
    memset(piece, 's', sizeof piece);
    buf_append(conn_out(conn), piece, sizeof piece);
    conn_send(conn);
}

static void stream_begin(struct harness *harness, struct conn *conn, unsigned pieces)
{
    struct buf *out = conn_out(conn);
    harness->stream_left = pieces;
    http_write_status(out, 200);
    http_write_length(out, (uint64_t)pieces * STREAM_PIECE_BYTES);
    http_write_end(out);
    stream_piece(harness, conn);
}

static size_t number_after(struct slice path, const char *prefix)
{
    int64_t number = 0;
    assert_true(slice_to_int(slice_skip(path, strlen(prefix)), &number));
    return (size_t)number;
}

static void by_path(struct harness *harness, struct conn *conn, const struct http_head *head)
{
    struct slice path = head->path;
    if (slice_eq(path, SLICE("/hello")))
        harness_reply(conn, 200, SLICE("hello"));
    else if (slice_eq(path, SLICE("/park")))
        park(harness, conn);
    else if (slice_eq(path, SLICE("/body")))
        conn_body_read(conn);
    else if (slice_starts(path, SLICE("/big/")))
        reply_big(conn, number_after(path, "/big/"));
    else if (slice_starts(path, SLICE("/stream/")))
        stream_begin(harness, conn, (unsigned)number_after(path, "/stream/"));
    else
        harness_reply(conn, 404, SLICE("no such path"));
}

static void on_request(void *owner, struct conn *conn, const struct http_head *head)
{
    struct harness *harness = owner;
    assert_null(conn_user(conn));
    harness->requests++;
    harness->pieces = 0;
    harness->body_last = false;
    buf_clear(&harness->body);
    snprintf(harness->seen_path, sizeof harness->seen_path, SLICE_FMT, SLICE_ARG(head->path));
    conn_set_user(conn, harness);
    (harness->on_request ? harness->on_request : by_path)(harness, conn, head);
}

static void on_body(void *owner, struct conn *conn, struct slice piece, bool last)
{
    struct harness *harness = owner;
    assert_ptr_equal(conn_user(conn), harness);
    assert_false(harness->body_last);
    buf_add(&harness->body, piece);
    harness->pieces++;
    harness->body_last = last;
    if (last)
        harness_reply(conn, 200, buf_slice(&harness->body));
}

static void on_fault(void *owner, struct conn *conn, unsigned status, const char *reason)
{
    struct harness *harness = owner;
    harness->faults++;
    harness->fault_status = status;
    assert_true(conn_must_close(conn));
    if (conn_answerable(conn))
        harness_reply(conn, status, slice_str(reason));
    else
        conn_abort(conn);
}

static void on_gone(void *owner, struct conn *conn)
{
    struct harness *harness = owner;
    harness->gone++;
    for (unsigned i = 0; i < harness->parked_count; i++)
        if (harness->parked[i] == conn)
            harness->parked[i] = NULL;
}

static void on_sent(void *owner, struct conn *conn)
{
    struct harness *harness = owner;
    harness->sents++;
    stream_piece(harness, conn);
}

static const struct net_events events = {on_request, on_body, on_fault, on_gone, on_sent};

struct harness *harness_new(const struct net_limits *limits)
{
    struct harness *harness = mem_must(sizeof *harness);
    char why[256];
    if (net_listen(SLICE("127.0.0.1:0"), &harness->listen_fd, why) != OK)
        fail_msg("%s", why);
    harness->address_len = sizeof harness->address;
    getsockname(harness->listen_fd, (struct sockaddr *)&harness->address, &harness->address_len);
    harness->loop = loop_new();
    harness->gate = gate_new(limits->connections_max, limits->per_address_max);
    harness->net = net_new(harness->loop, limits, harness->gate, &events, harness);
    assert_int_equal(net_accept_from(harness->net, harness->listen_fd), OK);
    buf_init(&harness->body, 64 * 1024 * 1024);
    return harness;
}

void harness_free(struct harness *harness)
{
    net_free(harness->net);
    gate_free(harness->gate);
    loop_free(harness->loop);
    close(harness->listen_fd);
    buf_done(&harness->body);
    mem_free(harness);
}

int harness_begin(void **state)
{
    *state = harness_new(&harness_limits);
    return 0;
}

int harness_end(void **state)
{
    harness_free(*state);
    return 0;
}

void harness_settle(struct harness *harness)
{
    for (unsigned i = 0; i < 10; i++)
        loop_turn(harness->loop, 0);
}

/* ---- clients ---- */

static int client_connect(struct harness *harness, int fd)
{
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&harness->address, harness->address_len), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

int client_open(struct harness *harness)
{
    return client_connect(harness, socket(harness->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

int client_open_small(struct harness *harness, int buffer_bytes)
{
    int fd = socket(harness->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
    return client_connect(harness, fd);
}

void client_say(struct harness *harness, int fd, struct slice bytes)
{
    for (unsigned turns = 0; bytes.len > 0; turns++) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent > 0)
            bytes = slice_skip(bytes, (size_t)sent);
        else if (sent < 0 && errno != EAGAIN)
            return; /* the server does not want it: what it answered is still to be heard */
        else
            loop_turn(harness->loop, 1);
        assert_true(turns < HARNESS_TURNS_MAX * 10);
    }
}

/* IO_AGAIN: nothing is there now. */
static enum io hear(int fd, struct buf *heard)
{
    char *to = buf_room(heard, 65536);
    assert_non_null(to);
    ssize_t got = recv(fd, to, 65536, 0);
    if (got > 0) {
        heard->len += (size_t)got;
        return IO_OK;
    }
    if (got == 0)
        return IO_CLOSED;
    return errno == EAGAIN ? IO_AGAIN : IO_ERROR;
}

void client_hear_now(struct harness *harness, int fd, struct buf *heard)
{
    harness_settle(harness);
    while (hear(fd, heard) == IO_OK)
        harness_settle(harness);
}

void client_hear_bytes(struct harness *harness, int fd, struct buf *heard, size_t bytes)
{
    for (unsigned turns = 0; heard->len < bytes; turns++) {
        enum io io = hear(fd, heard);
        if (io == IO_AGAIN)
            loop_turn(harness->loop, 1);
        else if (io != IO_OK)
            return;
        assert_true(turns < HARNESS_TURNS_MAX * 10);
    }
}

void client_hear_answers(struct harness *harness, int fd, struct buf *heard, unsigned answers)
{
    for (unsigned turns = 0; answers_in(buf_slice(heard)) < (int)answers; turns++) {
        enum io io = hear(fd, heard);
        if (io == IO_AGAIN)
            loop_turn(harness->loop, 20);
        else if (io != IO_OK)
            fail_msg("the connection ended before %u answers: %.*s", answers, (int)heard->len, heard->data);
        assert_true(turns < HARNESS_TURNS_MAX);
    }
}

bool client_hear_end(struct harness *harness, int fd, struct buf *heard)
{
    for (unsigned turns = 0;; turns++) {
        enum io io = hear(fd, heard);
        if (io == IO_AGAIN)
            loop_turn(harness->loop, 20);
        else if (io != IO_OK)
            return io == IO_CLOSED;
        assert_true(turns < HARNESS_TURNS_MAX);
    }
}

bool slice_contains(struct slice haystack, const char *needle)
{
    return haystack.len > 0 && memmem(haystack.data, haystack.len, needle, strlen(needle)) != NULL;
}

/* The length of the answer that these bytes begin with, 0: it is not whole. */
static size_t answer_len(struct slice bytes)
{
    static const char length[] = "Content-Length: ";
    const char *end = bytes.data ? memmem(bytes.data, bytes.len, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - bytes.data) + 4;
    const char *at = memmem(bytes.data, head, length, sizeof length - 1);
    size_t whole = head + (at ? strtoul(at + sizeof length - 1, NULL, 10) : 0);
    return whole <= bytes.len ? whole : 0;
}

int answers_in(struct slice bytes)
{
    int count = 0;
    while (bytes.len > 0) {
        if (!slice_starts(bytes, SLICE("HTTP/1.1 ")))
            return -1;
        size_t len = answer_len(bytes);
        if (len == 0)
            return -1;
        bytes = slice_skip(bytes, len);
        count++;
    }
    return count;
}

struct buf client_ask(struct harness *harness, struct slice request)
{
    struct buf heard;
    buf_init(&heard, 64 * 1024 * 1024);
    int fd = client_open(harness);
    client_say(harness, fd, request);
    assert_true(client_hear_end(harness, fd, &heard));
    close(fd);
    return heard;
}
