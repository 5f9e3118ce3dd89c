/* SPDX-License-Identifier: Apache-2.0 */
/* The yardstick for uncached reads: how many a second can one thread pass from PostgreSQL to HTTP when it does
 * nothing else?
 *
 * Requests are handed round a few connections in pipeline mode. The Sync, which in libpq 15 is also a write to the
 * socket, is put off to the end of the loop turn: one for all requests of the turn on that connection.
 *
 *     one_row CONNINFO PORT CONNECTIONS          /any/path/ID       one transaction by its key
 *     one_row CONNINFO PORT CONNECTIONS list     /any/path/USER     the newest 100 transactions of a user */
#define _GNU_SOURCE
#include "yardstick.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { ASKERS_MAX = 1 << 16 };

static const char one_sql[] = "SELECT " TRANSACTION_COLUMNS " FROM transactions WHERE id = $1::bigint";
static const char list_sql[] = "SELECT " TRANSACTION_COLUMNS " FROM transactions WHERE user_id = $1::bigint"
                               " ORDER BY created_at DESC, id DESC LIMIT 100";

struct database {
    PGconn *connection;
    int askers[ASKERS_MAX];   /* sockets in the order of their queries: a ring */
    unsigned asked, answered; /* ever; the ring's ends */
    unsigned pending;         /* results to come, Syncs included */
    bool sync_due;
};

static void ask(struct database *database, int fd, long number)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", number);
    const char *values[] = {text};
    if (!PQsendQueryPrepared(database->connection, "q", 1, values, NULL, NULL, 0))
        give_up("sending", PQerrorMessage(database->connection));
    database->askers[database->asked++ % ASKERS_MAX] = fd;
    database->pending++;
    database->sync_due = true;
}

static void sync_turn(struct database *database)
{
    if (!database->sync_due)
        return;
    PQpipelineSync(database->connection);
    PQflush(database->connection);
    database->pending++;
    database->sync_due = false;
}

static void take_results(struct database *database, bool list)
{
    PGconn *connection = database->connection;
    if (!PQconsumeInput(connection))
        give_up("reading", PQerrorMessage(connection));
    while (database->pending && !PQisBusy(connection)) {
        PGresult *rows = PQgetResult(connection);
        if (!rows)
            continue; /* between two queries' results */
        database->pending--;
        ExecStatusType status = PQresultStatus(rows);
        if (status == PGRES_TUPLES_OK)
            answer_rows(database->askers[database->answered++ % ASKERS_MAX], rows, 0, PQntuples(rows), list);
        else if (status != PGRES_PIPELINE_SYNC)
            give_up("querying", PQresultErrorMessage(rows));
        PQclear(rows);
    }
}

static void turn(int epoll, int listener, struct database *databases, unsigned database_count, bool list)
{
    static unsigned next;
    struct epoll_event events[TURN_EVENTS_MAX];
    int event_count = epoll_wait(epoll, events, TURN_EVENTS_MAX, -1);
    for (int i = 0; i < event_count; i++) {
        unsigned long tag = events[i].data.u64;
        long number;
        if (tag >= DATABASE_TAG)
            take_results(&databases[tag - DATABASE_TAG], list);
        else if (tag == (unsigned long)listener)
            accept_all(epoll, listener);
        else if (read_number((int)tag, &number))
            ask(&databases[next++ % database_count], (int)tag, number);
    }
    for (unsigned i = 0; i < database_count; i++)
        sync_turn(&databases[i]);
}

int main(int count, char **words)
{
    static struct database databases[DATABASES_MAX];
    int database_count = count < 4 ? 0 : (int)strtol(words[3], NULL, 10);
    if (database_count < 1 || database_count > DATABASES_MAX)
        give_up("usage", "one_row CONNINFO PORT CONNECTIONS(1..16) [list]");
    bool list = count > 4 && !strcmp(words[4], "list");

    signal(SIGPIPE, SIG_IGN);
    int epoll = epoll_create1(0), listener = listen_on((int)strtol(words[2], NULL, 10));
    for (int i = 0; i < database_count; i++) {
        PGconn *connection = connect_and_prepare(words[1], NULL, list ? list_sql : one_sql);
        PQenterPipelineMode(connection);
        databases[i].connection = connection;
        watch(epoll, PQsocket(connection), DATABASE_TAG + (unsigned long)i);
    }
    watch(epoll, listener, (unsigned long)listener);
    for (;;)
        turn(epoll, listener, databases, (unsigned)database_count, list);
}
