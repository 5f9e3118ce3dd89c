/* SPDX-License-Identifier: Apache-2.0 */
/* Answers every request with a constant: what a connection costs when nothing is asked of anybody.
 *   constant_server ADDRESS [WORKERS]        one thread and one loop per worker; ends with SIGTERM */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/writer.h"
#include "net/net.h"

enum { WORKERS_MAX = 16 };

struct worker {
    pthread_t thread;
    struct loop *loop;
    struct net *net;
};

static const struct net_limits limits = {
    .head_bytes_max = 16 * 1024,
    .heads_bytes_total = 64 * 1024 * 1024,
    .body_bytes_max = 1024 * 1024,
    .head_timeout_ms = 5000,
    .idle_timeout_ms = 30000,
    .body_rate_min = 100,
    .read_rate_min = 100,
};

static void on_request(void *owner, struct conn *conn, const struct http_head *head)
{
    (void)owner;
    struct buf *out = conn_out(conn);
    bool close = conn_must_close(conn);
    http_write_status(out, 200);
    http_write_field(out, SLICE("Content-Type"), SLICE("application/json"));
    http_write_date(out, "Sat, 31 Jan 2026 09:05:07 GMT");
    http_write_length(out, 27);
    http_write_connection(out, head->version_minor, !close);
    http_write_end(out);
    buf_lit(out, "{\"id\":1,\"message\":\"hello\"}\n");
    conn_done(conn, close);
}

static void on_body(void *owner, struct conn *conn, struct slice piece, bool last)
{
    (void)owner, (void)conn, (void)piece, (void)last;
}

static void on_fault(void *owner, struct conn *conn, unsigned status, const char *reason)
{
    (void)owner;
    (void)reason;
    http_write_status(conn_out(conn), status);
    http_write_length(conn_out(conn), 0);
    http_write_connection(conn_out(conn), 1, false);
    http_write_end(conn_out(conn));
    conn_done(conn, true);
}

static void on_gone(void *owner, struct conn *conn)
{
    (void)owner, (void)conn;
}

static const struct net_events events = {.on_request = on_request,
                                         .on_body = on_body,
                                         .on_fault = on_fault,
                                         .on_gone = on_gone};

static void *work(void *worker)
{
    loop_run(((struct worker *)worker)->loop);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[WORKERS_MAX];
    int fd;
    char why[256];
    int64_t count = 1;
    if (argc < 2 || (argc > 2 && !slice_to_int(slice_str(argv[2]), &count)) || count < 1 ||
        count > WORKERS_MAX)
        return 2;
    if (net_listen(slice_str(argv[1]), &fd, why) != OK) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL);
    struct gate *gate = gate_new(100000, 100000);
    for (int64_t i = 0; i < count; i++) {
        struct worker *worker = &workers[i];
        worker->loop = loop_new();
        worker->net = net_new(worker->loop, &limits, gate, &events, NULL);
        if (net_accept_from(worker->net, fd) != OK ||
            pthread_create(&worker->thread, NULL, work, worker) != 0)
            return 1;
    }
    int signal_got;
    sigwait(&end, &signal_got);
    for (int64_t i = 0; i < count; i++) {
        loop_stop(workers[i].loop);
        pthread_join(workers[i].thread, NULL);
        fprintf(stderr, "worker %d: %u connections\n", (int)i, net_count(workers[i].net));
        net_free(workers[i].net);
        loop_free(workers[i].loop);
    }
    gate_free(gate);
    return 0;
}
