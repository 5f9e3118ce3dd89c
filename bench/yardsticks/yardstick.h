/* SPDX-License-Identifier: Apache-2.0 */
/* What both yardsticks share: a listening socket, a reader of one number, a writer of rows as JSON.
 *
 * A yardstick says what the kernel, libpq and the database allow at most: no routing, checks, limits, rights,
 * time-outs or recovery, so nothing here is fit for anything but measuring. A request is taken to come in one
 * read and to hold one number; any failure ends the program. One thread. */
#ifndef LEAT_BENCH_YARDSTICK_H
#define LEAT_BENCH_YARDSTICK_H

#include <libpq-fe.h>
#include <stdbool.h>

enum {
    DATABASES_MAX = 16,
    TURN_EVENTS_MAX = 512,
    BODY_BYTES_MAX = 1 << 20,
    DATABASE_TAG = 1 << 20, /* events of database i bear this + i, those of a client its socket */
};

#define TRANSACTION_COLUMNS "id,user_id,amount,status,industry,fraud_score,created_at,metadata"

/* Prints why and exits 1. */
__attribute__((noreturn)) void give_up(const char *doing, const char *why);

/* A non-blocking connection on which `sql` is prepared as "q". settings: SQL to run before, or NULL. */
PGconn *connect_and_prepare(const char *conninfo, const char *settings, const char *sql);

/* A non-blocking socket that listens on a port of 127.0.0.1. */
int listen_on(int port);

/* Has `epoll` report when `fd` can be read; `tag` comes back in the event. */
void watch(int epoll, int fd, unsigned long tag);

/* Accepts all that wait on `listener` and watches each under its own number. */
void accept_all(int epoll, int listener);

/* The first number in what the client sent; false when the client has left (its fd is then closed). */
bool read_number(int fd, long *ret_number);

/* Answers with the rows from..to - 1: as an array, or the first alone, bare. No row at all: 404. */
void answer_rows(int fd, const PGresult *rows, int from, int to, bool array);

#endif
