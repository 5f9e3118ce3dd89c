/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the SQLite store: a database file of its own in a folder of its own, and reads of it. */
#ifndef LEAT_TESTS_SQLITE_FIXTURE_H
#define LEAT_TESTS_SQLITE_FIXTURE_H

#include <sqlite3.h>

#include "base/buf.h"
#include "lib/unit.h"
#include "store/driver.h"

struct fixture {
    char folder[64], path[96], url[112];
    struct loop *loop;
    struct offload *offload;
    struct store *store;
    struct port *port;
};

/* Runs SQL on a database file, making it if need be; fails the test when the SQL fails. */
void database_run(const char *path, const char *sql);

/* A folder and a file in WAL mode, filled by the SQL. fixture_free takes all of it away. */
void fixture_file(struct fixture *fixture, const char *sql);
/* The same, opened, with a loop, a pool of two threads and a port. */
void fixture_init(struct fixture *fixture, const char *sql);
void fixture_open(struct fixture *fixture, const struct store_options *options);
void fixture_free(struct fixture *fixture);

/* The usual options for this file. */
struct store_options fixture_options(const struct fixture *fixture);

/* A read and what came of it: cells parted by |, rows by ;, NULL as <null>. */
struct read {
    struct fetch fetch;
    struct arena arena;
    struct bind binds[8];
    struct buf out;
    unsigned rows_max; /* the sink refuses after so many; 0: never */
    unsigned ends;     /* how often on_end came */
    pthread_t sink_thread;
};

void read_init(struct read *read, const char *sql);
void read_done(struct read *read);
void read_bind_int(struct read *read, int64_t value);
void read_bind_text(struct read *read, const char *value);

enum submit read_submit(struct fixture *fixture, struct read *read);
/* Turns the loop until the read has ended. */
void read_wait(struct fixture *fixture, struct read *read);
/* Submit and wait. */
void read_run(struct fixture *fixture, struct read *read);

/* Runs SQL without binds; the rows must be these, and the lane this one (NULL: any). */
void assert_read(struct fixture *fixture, const char *sql, const char *rows, const char *lane);

#endif
