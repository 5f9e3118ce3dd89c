/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the PostgreSQL store: a server for the program, a store with a port for each test, and reads of it. */
#ifndef LEAT_TESTS_PG_FIXTURE_H
#define LEAT_TESTS_PG_FIXTURE_H

#include "base/buf.h"
#include "lib/pg.h"
#include "lib/unit.h"
#include "store/driver.h"
#include "store/pg/port.h"

struct fixture {
    struct postgres *server; /* the program's, or the test's own */
    struct loop *loop;
    struct offload *offload;
    struct store *store;
    struct port *port;
};

/* The server of the program: group setup and teardown of cmocka. Table `things`: id 1…1000, name 'thing N', amount N.5, made. */
int server_start(void **state);
int server_stop(void **state);
extern const char things_sql[];

/* Options as the service has them by default, for this server. */
struct store_options fixture_options(const struct postgres *server);

/* What this user reads as catalogue of the database `leat`. */
struct catalog *fixture_catalog(struct postgres *server, const char *user);

/* A store, a loop and a port; the lanes are open when it returns. */
void fixture_init(struct fixture *fixture, struct postgres *server);
void fixture_open(struct fixture *fixture, const struct store_options *options); /* waits for nothing */
void fixture_await_lanes(struct fixture *fixture);
void fixture_free(struct fixture *fixture);

/* A read and what came of it: cells parted by |, rows ended by ;, NULL as <null>. */
struct reading {
    struct fetch fetch;
    struct arena arena;
    struct bind binds[8];
    struct gather gather;
    struct buf out;
    unsigned rows_max;                     /* the sink refuses after so many; 0: never */
    unsigned ends;                         /* how often on_end came */
    void (*then)(struct reading *reading); /* called by on_end */
    struct fixture *fixture;
};

/* sql and binds must live as long as the reading. */
void reading_init(struct reading *reading, const char *sql);
void reading_bind(struct reading *reading, const char *value); /* NULL: NULL */
void reading_done(struct reading *reading);

/* The read of a thing by its id, which may be gathered. */
void reading_of_thing(struct reading *reading, const char *id);

enum submit reading_submit(struct fixture *fixture, struct reading *reading);
void reading_wait(struct fixture *fixture, struct reading *reading); /* turns the loop until it has ended */
void reading_run(struct fixture *fixture, struct reading *reading);

/* Runs it and expects these rows, no problem, and this lane (NULL: any). */
void assert_reads(struct fixture *fixture, const char *sql, const char *rows, const char *lane);
/* Runs it and expects this problem. */
void assert_fails(struct fixture *fixture, const char *sql, unsigned status, const char *code,
                  const char *sqlstate);

/* Runs it until it has earned the fast lane. */
void learn(struct fixture *fixture, const char *sql);

struct store_state fixture_state(struct fixture *fixture);
/* Turns the loop until the condition holds, at most 20 s. */
#define TURN_UNTIL(fixture, condition) \
    do { \
        struct mono until_ = mono_after_ms(clock_mono(), 20000); \
        while (!(condition) && clock_mono().us < until_.us) \
            loop_turn((fixture)->loop, 20); \
        if (!(condition)) \
            fail_msg("never: %s", #condition); \
    } while (0)

#endif
