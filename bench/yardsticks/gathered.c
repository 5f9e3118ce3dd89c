/* SPDX-License-Identifier: Apache-2.0 */
/* The yardstick for gathering: point reads that arrive while others are under way wait, and go out together.
 *
 * At most one batch is in flight on each connection: `id = ANY($1)` for all that wait, up to BATCH_MAX; its rows
 * are handed back by their key. The more clients there are the larger the batches grow and the less each row costs.
 * The generic plan is forced: a custom one would be planned anew for every array.
 *
 *     gathered CONNINFO PORT CONNECTIONS          /any/path/ID       one transaction by its key */
#define _GNU_SOURCE
#include "yardstick.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { BATCH_MAX = 256, WAITING_MAX = 1 << 16 };

static const char batch_sql[] =
    "SELECT " TRANSACTION_COLUMNS " FROM transactions WHERE id = ANY($1::bigint[])";

struct ask {
    long id;
    int fd; /* -1: answered */
};

struct database {
    PGconn *connection;
    struct ask batch[BATCH_MAX];
    int batch_len; /* 0: nothing in flight */
};

static struct ask waiting[WAITING_MAX]; /* in the order of arrival */
static int waiting_len;

static void send_batch(struct database *database)
{
    static char array[BATCH_MAX * 24];
    char *at = array, *end = array + sizeof array;
    int len = waiting_len < BATCH_MAX ? waiting_len : BATCH_MAX;
    for (int i = 0; i < len; i++) {
        database->batch[i] = waiting[i];
        at += snprintf(at, (size_t)(end - at), "%c%ld", i ? ',' : '{', waiting[i].id);
    }
    snprintf(at, (size_t)(end - at), "}");
    database->batch_len = len;
    waiting_len -= len;
    memmove(waiting, waiting + len, (size_t)waiting_len * sizeof *waiting);

    const char *values[] = {array};
    if (!PQsendQueryPrepared(database->connection, "q", 1, values, NULL, NULL, 0))
        give_up("sending", PQerrorMessage(database->connection));
    PQflush(database->connection);
}

static void hand_back(struct database *database, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        long id = atol(PQgetvalue(rows, row, 0));
        for (int i = 0; i < database->batch_len; i++) {
            struct ask *ask = &database->batch[i];
            if (ask->id == id && ask->fd >= 0) {
                answer_rows(ask->fd, rows, row, row + 1, false);
                ask->fd = -1;
            }
        }
    }
    for (int i = 0; i < database->batch_len; i++) {
        if (database->batch[i].fd >= 0)
            answer_rows(database->batch[i].fd, rows, 0, 0, false);
    }
    database->batch_len = 0;
}

static void take_results(struct database *database)
{
    PGconn *connection = database->connection;
    if (!PQconsumeInput(connection))
        give_up("reading", PQerrorMessage(connection));
    while (!PQisBusy(connection)) {
        PGresult *rows = PQgetResult(connection);
        if (!rows)
            return; /* the connection is free again */
        if (PQresultStatus(rows) != PGRES_TUPLES_OK)
            give_up("querying", PQresultErrorMessage(rows));
        hand_back(database, rows);
        PQclear(rows);
    }
}

static void turn(int epoll, int listener, struct database *databases, int database_count)
{
    struct epoll_event events[TURN_EVENTS_MAX];
    int event_count = epoll_wait(epoll, events, TURN_EVENTS_MAX, -1);
    for (int i = 0; i < event_count; i++) {
        unsigned long tag = events[i].data.u64;
        struct ask ask = {.fd = (int)tag};
        if (tag >= DATABASE_TAG)
            take_results(&databases[tag - DATABASE_TAG]);
        else if (tag == (unsigned long)listener)
            accept_all(epoll, listener);
        else if (waiting_len < WAITING_MAX && read_number(ask.fd, &ask.id))
            waiting[waiting_len++] = ask;
    }
    for (int i = 0; i < database_count && waiting_len; i++) {
        if (!databases[i].batch_len && PQtransactionStatus(databases[i].connection) != PQTRANS_ACTIVE)
            send_batch(&databases[i]);
    }
}

int main(int count, char **words)
{
    static struct database databases[DATABASES_MAX];
    int database_count = count < 4 ? 0 : (int)strtol(words[3], NULL, 10);
    if (database_count < 1 || database_count > DATABASES_MAX)
        give_up("usage", "gathered CONNINFO PORT CONNECTIONS(1..16)");

    signal(SIGPIPE, SIG_IGN);
    int epoll = epoll_create1(0), listener = listen_on((int)strtol(words[2], NULL, 10));
    for (int i = 0; i < database_count; i++) {
        databases[i].connection =
            connect_and_prepare(words[1], "SET plan_cache_mode = force_generic_plan", batch_sql);
        watch(epoll, PQsocket(databases[i].connection), DATABASE_TAG + (unsigned long)i);
    }
    watch(epoll, listener, (unsigned long)listener);
    for (;;)
        turn(epoll, listener, databases, database_count);
}
