/* SPDX-License-Identifier: Apache-2.0 */
/* A private PostgreSQL 15 for C tests: tests/lib/postgres.py as a child process, told what to do in lines. It ends, and deletes its
 * folder, when its standard input closes: also when the test program dies. Failure fails the test with its words. */
#ifndef LEAT_TESTS_PG_H
#define LEAT_TESTS_PG_H

struct postgres;

/* settings: words as "max_connections=5 log_statement=all", or NULL. */
struct postgres *postgres_start(const char *settings);
void postgres_stop(struct postgres *postgres); /* takes NULL */

/* "postgresql://leat@127.0.0.1:PORT/leat"; user: another's. */
const char *postgres_url(const struct postgres *postgres);
unsigned postgres_port(const struct postgres *postgres);

/* "stop_server", "start", "kill", "restart", "pause", "resume": done when it returns. */
void postgres_tell(struct postgres *postgres, const char *verb);

/* Runs SQL as the superuser. */
void postgres_psql(struct postgres *postgres, const char *sql);

#endif
