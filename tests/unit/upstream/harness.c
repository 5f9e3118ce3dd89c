/* SPDX-License-Identifier: Apache-2.0 */
/* The service of harness.h: a thread that accepts, and one for each connection. A failed step of it ends the program. */
#include "harness.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum { REQUEST_BYTES_MAX = 256 * 1024 };

struct connection {
    struct harness *harness;
    unsigned number;
};

/* ---- the service ---- */

static void say(int fd, struct slice bytes)
{
    while (bytes.len) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes = slice_skip(bytes, (size_t)sent);
    }
}

static size_t length_of(struct slice head)
{
    const char *at = memmem(head.data, head.len, "Content-Length: ", 16);
    return at ? strtoul(at + 16, NULL, 10) : 0;
}

/* A whole request; 0: the client is gone. */
static size_t hear(int fd, char *room)
{
    size_t len = 0, want = 0;
    while (!want || len < want) {
        ssize_t got = recv(fd, room + len, REQUEST_BYTES_MAX - len, 0);
        if (got <= 0)
            return 0;
        len += (size_t)got;
        const char *end = memmem(room, len, "\r\n\r\n", 4);
        if (end && !want)
            want = (size_t)(end - room) + 4 + length_of(slice_of(room, (size_t)(end - room)));
    }
    return len;
}

static void answer(int fd, bool no_body, struct slice body)
{
    char head[128];
    int len = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body.len);
    say(fd, slice_of(head, (size_t)len));
    if (!no_body)
        say(fd, body);
}

static void answer_big(int fd, size_t bytes)
{
    char *body = mem_must(bytes);
    memset(body, 'x', bytes);
    answer(fd, false, slice_of(body, bytes));
    mem_free(body);
}

static void reset(int fd)
{
    say(fd, SLICE("HTTP/1.1 200 OK\r\n\r\nhalf"));
    struct linger now = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void await_end(int fd)
{
    char byte;
    while (recv(fd, &byte, 1, 0) > 0)
        ;
}

/* False: the connection ends. */
static bool serve(struct harness *harness, int fd, struct slice request, unsigned served)
{
    struct slice rest = request, method = slice_cut(&rest, ' '), path = slice_cut(&rest, ' ');
    unsigned before = atomic_fetch_add(&harness->requests, 1);
    bool good = slice_starts(path, SLICE("/hello")) || (slice_eq(path, SLICE("/drop-kept")) && served == 0) ||
                (slice_starts(path, SLICE("/drop-first/")) &&
                 before >= strtoul(path.data + sizeof "/drop-first/" - 1, NULL, 10));
    if (good)
        answer(fd, slice_eq(method, SLICE("HEAD")), SLICE("hello"));
    else if (slice_starts(path, SLICE("/echo")))
        answer(fd, false, request);
    else if (slice_starts(path, SLICE("/big/")))
        answer_big(fd, strtoul(path.data + 5, NULL, 10));
    else if (slice_starts(path, SLICE("/raw/")))
        say(fd, harness->raw);
    else if (slice_eq(path, SLICE("/reset")))
        reset(fd);
    else if (slice_eq(path, SLICE("/half")))
        say(fd, SLICE("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"));
    if (slice_eq(path, SLICE("/hang")) || slice_eq(path, SLICE("/half")))
        await_end(fd);
    return good || slice_starts(path, SLICE("/echo")) || slice_starts(path, SLICE("/big/"));
}

static void *run_connection(void *context)
{
    struct connection *connection = context;
    struct harness *harness = connection->harness;
    int fd = atomic_load(&harness->fds[connection->number]);
    char *room = mem_must(REQUEST_BYTES_MAX);
    unsigned served = 0;
    size_t len;
    while ((len = hear(fd, room)) > 0 && serve(harness, fd, slice_of(room, len), served))
        served++;
    mem_free(room);
    /* Closed here: the client is to see the end. */
    if (atomic_exchange(&harness->fds[connection->number], -1) >= 0)
        close(fd);
    mem_free(connection);
    return NULL;
}

static void *run_acceptor(void *context)
{
    struct harness *harness = context;
    for (;;) {
        int fd = accept(harness->listen_fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        struct connection *connection = mem_must(sizeof *connection);
        connection->harness = harness;
        connection->number = atomic_load(&harness->connections);
        PRE(connection->number < HARNESS_CONNECTIONS_MAX);
        atomic_store(&harness->fds[connection->number], fd);
        if (pthread_create(&harness->threads[connection->number], NULL, run_connection, connection))
            UNREACHABLE("no thread for a test");
        atomic_fetch_add(&harness->connections, 1);
    }
}

static void service_begin(struct harness *harness)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    harness->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(harness->listen_fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(harness->listen_fd, 64), 0);
    assert_int_equal(getsockname(harness->listen_fd, (struct sockaddr *)&address, &len), 0);
    snprintf(harness->origin, sizeof harness->origin, "http://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&harness->acceptor, NULL, run_acceptor, harness), 0);
}

static void service_end(struct harness *harness)
{
    shutdown(harness->listen_fd, SHUT_RDWR);
    pthread_join(harness->acceptor, NULL);
    close(harness->listen_fd);
    for (unsigned i = 0; i < atomic_load(&harness->connections); i++) {
        int fd = atomic_load(&harness->fds[i]);
        if (fd >= 0)
            shutdown(fd, SHUT_RDWR);
        pthread_join(harness->threads[i], NULL);
    }
}

/* ---- the test's side ---- */

void harness_upstream(struct harness *harness)
{
    upstream_unref(harness->upstream);
    harness->upstream = upstream_new(&harness->options);
}

int harness_begin(void **state)
{
    struct harness *harness = mem_must(sizeof *harness);
    service_begin(harness);
    harness->loop = loop_new();
    assert_non_null(harness->loop);
    harness->client = upstream_client_new(harness->loop);
    harness->space = (struct spool_space){.folder = "/tmp", .bytes_max = 1 << 30};
    harness->options = (struct upstream_options){.origin = slice_str(harness->origin),
                                                 .connect_ms = 10000,
                                                 .timeout_ms = 30000,
                                                 .answer_bytes_max = 64 << 20,
                                                 .retries = 1,
                                                 .concurrent_max = 8};
    harness_upstream(harness);
    *state = harness;
    return 0;
}

int harness_end(void **state)
{
    struct harness *harness = *state;
    upstream_client_free(harness->client);
    upstream_unref(harness->upstream);
    service_end(harness);
    loop_free(harness->loop);
    mem_free(harness);
    return 0;
}

static void take(struct asker *asker)
{
    struct buf piece;
    upstream_take(asker->call, &piece);
    buf_add(&asker->body, buf_slice(&piece));
    buf_done(&piece);
}

static void on_news(void *context)
{
    struct asker *asker = context;
    asker->news++;
    if (!asker->holds)
        take(asker);
}

void ask_with(struct harness *harness, struct asker *asker, struct upstream_asked asked)
{
    *asker = (struct asker){.holds = asker->holds};
    buf_init(&asker->body, 64 << 20);
    asked.on_news = on_news;
    asked.context = asker;
    asker->call = upstream_start(harness->client, harness->upstream, &asked);
}

void ask(struct harness *harness, struct asker *asker, enum http_method method, const char *target)
{
    *asker = (struct asker){0};
    ask_with(harness, asker, (struct upstream_asked){.method = method, .target = slice_str(target)});
}

enum upstream_outcome asker_end(struct harness *harness, struct asker *asker)
{
    TURN_UNTIL(harness, upstream_outcome(asker->call) != UPSTREAM_GOING);
    take(asker);
    return upstream_outcome(asker->call);
}

void asker_done(struct asker *asker)
{
    upstream_free(asker->call);
    buf_done(&asker->body);
}

enum upstream_outcome ask_and_end(struct harness *harness, enum http_method method, const char *target)
{
    struct asker asker;
    ask(harness, &asker, method, target);
    enum upstream_outcome outcome = asker_end(harness, &asker);
    asker_done(&asker);
    return outcome;
}
