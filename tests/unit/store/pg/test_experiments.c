/* SPDX-License-Identifier: Apache-2.0 */
/* What this store believes of PostgreSQL 15 and libpq 15, tried on a real server with bare libpq. When one of these fails, the design
 * stands on something that is no longer so. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>

#include "fixture.h"

static PGconn *connect_to(struct postgres *server)
{
    PGconn *conn = PQconnectdb(postgres_url(server));
    if (PQstatus(conn) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(conn));
    return conn;
}

static PGconn *pipeline_to(struct postgres *server)
{
    PGconn *conn = connect_to(server);
    assert_int_equal(PQenterPipelineMode(conn), 1);
    return conn;
}

static void run_sql(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s", PQerrorMessage(conn));
    PQclear(result);
}

static void send_sql(PGconn *conn, const char *sql)
{
    assert_int_equal(PQsendQueryParams(conn, sql, 0, NULL, NULL, NULL, NULL, 0), 1);
}

static void sync_up(PGconn *conn)
{
    assert_int_equal(PQpipelineSync(conn), 1);
}

/* The next result: "value", "ok", "!SQLSTATE", "aborted" or "sync". */
static const char *next(PGconn *conn)
{
    static char text[256];
    PGresult *result = PQgetResult(conn);
    if (result == NULL) /* ends the results of the statement before */
        result = PQgetResult(conn);
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        snprintf(text, sizeof text, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "none");
        break;
    case PGRES_COMMAND_OK:
        snprintf(text, sizeof text, "ok");
        break;
    case PGRES_PIPELINE_ABORTED:
        snprintf(text, sizeof text, "aborted");
        break;
    case PGRES_PIPELINE_SYNC:
        snprintf(text, sizeof text, "sync");
        break;
    default:
        snprintf(text, sizeof text, "!%s", PQresultErrorField(result, PG_DIAG_SQLSTATE));
    }
    PQclear(result);
    return text;
}

#define NEXT(conn, expected) assert_string_equal(next(conn), expected)

static void reset_table(struct postgres *server)
{
    postgres_psql(
        server,
        "DROP TABLE IF EXISTS t CASCADE; DROP TABLE IF EXISTS parent CASCADE; CREATE TABLE t (id int PRIMARY KEY)");
}

static const char *rows_in_t(struct postgres *server)
{
    static char text[256];
    PGconn *conn = connect_to(server);
    PGresult *result = PQexec(conn, "SELECT coalesce(string_agg(id::text, ',' ORDER BY id), '') FROM t");
    snprintf(text, sizeof text, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(conn);
    return text;
}

/* ---- reading ---- */

static void statements_of_one_sync_are_one_transaction(void **state)
{
    PGconn *conn = pipeline_to(*state);
    char first[64];
    send_sql(conn, "SELECT now()::text");
    send_sql(conn, "SELECT pg_sleep(0.01)");
    send_sql(conn, "SELECT now()::text");
    sync_up(conn);
    send_sql(conn, "SELECT now()::text");
    sync_up(conn);
    snprintf(first, sizeof first, "%s", next(conn));
    NEXT(conn, "");
    NEXT(conn, first); /* now() is shared */
    NEXT(conn, "sync");
    assert_string_not_equal(next(conn), first);
    PQfinish(conn);
}

static void an_error_aborts_those_behind_it_up_to_the_sync(void **state)
{
    PGconn *conn = pipeline_to(*state);
    send_sql(conn, "SELECT 1");
    send_sql(conn, "SELECT 1 / 0");
    send_sql(conn, "SELECT 2");
    sync_up(conn);
    send_sql(conn, "SELECT 3");
    sync_up(conn);
    NEXT(conn, "1");
    NEXT(conn, "!22012");
    NEXT(conn, "aborted");
    NEXT(conn, "sync");
    NEXT(conn, "3");
    NEXT(conn, "sync");
    PQfinish(conn);
}

static void a_function_that_writes_is_refused_on_a_read_only_connection(void **state)
{
    reset_table(*state);
    postgres_psql(*state, "CREATE OR REPLACE FUNCTION sneaky() RETURNS int LANGUAGE sql VOLATILE AS "
                          "'INSERT INTO t VALUES (1) RETURNING id'");
    PGconn *conn = connect_to(*state);
    run_sql(conn, "SET default_transaction_read_only = on");
    PQenterPipelineMode(conn);
    send_sql(conn, "SELECT sneaky()");
    sync_up(conn);
    NEXT(conn, "!25006");
    PQfinish(conn);
    assert_string_equal(rows_in_t(*state), "");
}

static void a_parse_before_an_error_persists_and_one_behind_it_is_lost(void **state)
{
    PGconn *conn = pipeline_to(*state);
    PQsendPrepare(conn, "before", "SELECT 'before'", 0, NULL);
    send_sql(conn, "SELECT 1 / 0");
    PQsendPrepare(conn, "behind", "SELECT 'behind'", 0, NULL);
    sync_up(conn);
    NEXT(conn, "ok");
    NEXT(conn, "!22012");
    NEXT(conn, "aborted");
    NEXT(conn, "sync");
    PQsendQueryPrepared(conn, "before", 0, NULL, NULL, NULL, 0);
    sync_up(conn);
    PQsendQueryPrepared(conn, "behind", 0, NULL, NULL, NULL, 0);
    sync_up(conn);
    NEXT(conn, "before");
    NEXT(conn, "sync");
    NEXT(conn, "!26000");
    PQfinish(conn);
}

static bool anything_within(PGconn *conn, int wait_ms)
{
    struct pollfd fd = {.fd = PQsocket(conn), .events = POLLIN};
    return poll(&fd, 1, wait_ms) > 0;
}

/* No clock decides here: the second statement waits for a lock of ours, so all that could be there already is. */
static void results_wait_for_the_sync_unless_a_flush_is_asked_for(void **state)
{
    PGconn *holder = connect_to(*state), *conn = pipeline_to(*state);
    run_sql(holder, "SELECT pg_advisory_lock(77)");
    send_sql(conn, "SELECT 'early'");
    send_sql(conn, "SELECT pg_advisory_lock(77)");
    sync_up(conn);
    PGresult *waiting;
    do { /* until it stands before the lock */
        waiting = PQexec(holder, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
        bool stands = PQntuples(waiting) == 1;
        PQclear(waiting);
        if (stands)
            break;
    } while (true);
    assert_false(anything_within(conn, 0)); /* 'early' lies in the server's buffer */
    run_sql(holder, "SELECT pg_advisory_unlock(77)");
    NEXT(conn, "early");
    NEXT(conn, "");
    NEXT(conn, "sync");
    send_sql(conn, "SELECT pg_advisory_unlock(77)::text");
    sync_up(conn);
    NEXT(conn, "true");
    NEXT(conn, "sync");

    run_sql(holder, "SELECT pg_advisory_lock(77)");
    send_sql(conn, "SELECT 'early'");
    PQsendFlushRequest(conn);
    send_sql(conn, "SELECT pg_advisory_lock(77)");
    sync_up(conn);
    NEXT(conn, "early"); /* though the lock is still held */
    run_sql(holder, "SELECT pg_advisory_unlock(77)");
    PQfinish(conn);
    PQfinish(holder);
}

static void a_setting_local_to_the_transaction_is_seen_by_its_neighbours(void **state)
{
    PGconn *conn = pipeline_to(*state);
    send_sql(conn, "SELECT set_config('my.claim', 'alice', true)");
    send_sql(conn, "SELECT current_setting('my.claim', true)");
    sync_up(conn);
    send_sql(conn, "SELECT current_setting('my.claim', true)");
    sync_up(conn);
    NEXT(conn, "alice");
    NEXT(conn, "alice");
    NEXT(conn, "sync");
    NEXT(conn, "");
    PQfinish(conn);
}

static long plans_of(struct postgres *server, const char *mode, const char *column)
{
    PGconn *conn = connect_to(server);
    char sql[160];
    snprintf(sql, sizeof sql, "SET plan_cache_mode = %s", mode);
    run_sql(conn, sql);
    PQclear(PQprepare(conn, "q", "SELECT id FROM things WHERE id = ANY($1::bigint[])", 0, NULL));
    for (int i = 0; i < 12; i++) {
        const char *values[] = {"{5}"};
        PQclear(PQexecPrepared(conn, "q", 1, values, NULL, NULL, 0));
    }
    snprintf(sql, sizeof sql, "SELECT %s FROM pg_prepared_statements WHERE name = 'q'", column);
    PGresult *result = PQexec(conn, sql);
    long count = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(conn);
    return count;
}

static void gathered_reads_are_planned_once_only_when_a_generic_plan_is_forced(void **state)
{
    assert_int_equal(plans_of(*state, "auto", "custom_plans"),
                     12); /* a generic plan expects ten keys and looks dearer */
    assert_int_equal(plans_of(*state, "force_generic_plan", "generic_plans"), 12);
}

static void a_bound_limit_is_planned_anew_each_time_and_a_written_one_is_not(void **state)
{
    static const char *sqls[] = {"SELECT a.id FROM things a, things b LIMIT $1::bigint",
                                 "SELECT a.id FROM things a, things b WHERE a.id > $1::bigint LIMIT 2"};
    PGconn *conn = connect_to(*state);
    for (int i = 0; i < 2; i++) {
        const char *values[] = {"2"};
        PQclear(PQprepare(conn, i ? "written" : "bound", sqls[i], 0, NULL));
        for (int n = 0; n < 12; n++)
            PQclear(PQexecPrepared(conn, i ? "written" : "bound", 1, values, NULL, NULL, 0));
    }
    PGresult *result = PQexec(conn, "SELECT name, generic_plans FROM pg_prepared_statements ORDER BY name");
    assert_string_equal(PQgetvalue(result, 0, 0), "bound");
    assert_string_equal(PQgetvalue(result, 0, 1), "0");
    assert_string_not_equal(PQgetvalue(result, 1, 1), "0");
    PQclear(result);
    PQfinish(conn);
}

static void the_index_serves_a_gathered_read_by_a_generic_plan(void **state)
{
    PGconn *conn = connect_to(*state);
    bool found = false;
    run_sql(conn, "SET plan_cache_mode = force_generic_plan");
    run_sql(conn, "PREPARE q (bigint[]) AS SELECT id, name FROM things WHERE id = ANY($1)");
    PGresult *result = PQexec(conn, "EXPLAIN EXECUTE q('{1,2,3}')");
    for (int i = 0; i < PQntuples(result); i++)
        found |= strstr(PQgetvalue(result, i, 0), "things_pkey") != NULL;
    assert_true(found);
    PQclear(result);
    PQfinish(conn);
}

static void row_by_row_works_in_a_pipeline_behind_another_statement(void **state)
{
    PGconn *conn = pipeline_to(*state);
    unsigned rows = 0;
    send_sql(conn, "SELECT 'preamble'");
    send_sql(conn, "SELECT id FROM things WHERE id <= 5");
    sync_up(conn);
    NEXT(conn, "preamble");
    assert_null(PQgetResult(conn));
    assert_int_equal(PQsetSingleRowMode(conn), 1); /* only now, and not before */
    for (PGresult *result; (result = PQgetResult(conn)) != NULL; PQclear(result))
        rows += PQresultStatus(result) == PGRES_SINGLE_TUPLE;
    assert_int_equal(rows, 5);
    PQfinish(conn);
}

static void the_timeout_is_each_statements_own(void **state)
{
    PGconn *conn = connect_to(*state);
    run_sql(conn, "SET statement_timeout = '400ms'");
    PQenterPipelineMode(conn);
    for (int i = 0; i < 4; i++)
        send_sql(conn, "SELECT pg_sleep(0.15)"); /* longer than the timeout together */
    sync_up(conn);
    for (int i = 0; i < 4; i++)
        NEXT(conn, "");
    NEXT(conn, "sync");
    PQfinish(conn);
}

static void a_plan_whose_result_changed_is_refused_once(void **state)
{
    reset_table(*state);
    PGconn *conn = connect_to(*state);
    PQclear(PQprepare(conn, "q", "SELECT * FROM t", 0, NULL));
    postgres_psql(*state, "ALTER TABLE t ADD b int");
    PGresult *result = PQexecPrepared(conn, "q", 0, NULL, NULL, NULL, 0);
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "0A000");
    PQclear(result);
    PQfinish(conn);
}

/* ---- writing: what the write lanes will stand on ---- */

static void the_sync_commits_and_an_error_rolls_its_own_unit_back(void **state)
{
    reset_table(*state);
    PGconn *conn = pipeline_to(*state);
    send_sql(conn, "INSERT INTO t VALUES (1)");
    sync_up(conn);
    send_sql(conn, "INSERT INTO t VALUES (2)");
    send_sql(conn, "INSERT INTO t VALUES (1)");
    sync_up(conn);
    send_sql(conn, "INSERT INTO t VALUES (3)");
    sync_up(conn);
    NEXT(conn, "ok");
    NEXT(conn, "sync");
    NEXT(conn, "ok");
    NEXT(conn, "!23505");
    NEXT(conn, "sync");
    NEXT(conn, "ok");
    NEXT(conn, "sync");
    PQfinish(conn);
    assert_string_equal(rows_in_t(*state), "1,3");
}

static void explicit_begin_poisons_the_units_behind_a_failed_one(void **state)
{
    reset_table(*state);
    PGconn *conn = pipeline_to(*state);
    static const char *unit[] = {"BEGIN", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)", "COMMIT"};
    for (int i = 0; i < 4; i++)
        send_sql(conn, unit[i]);
    sync_up(conn);
    send_sql(conn, "SELECT 'next unit'");
    sync_up(conn);
    NEXT(conn, "ok");
    NEXT(conn, "ok");
    NEXT(conn, "!23505");
    NEXT(conn, "aborted");
    NEXT(conn, "sync");
    NEXT(conn, "!25P02");
    PQfinish(conn);
}

static void a_deferred_constraint_fails_at_the_sync_itself(void **state)
{
    reset_table(*state);
    postgres_psql(
        *state,
        "CREATE TABLE parent (id int PRIMARY KEY); ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES parent "
        "DEFERRABLE INITIALLY DEFERRED");
    PGconn *conn = pipeline_to(*state);
    send_sql(conn, "INSERT INTO t VALUES (1)");
    sync_up(conn);
    NEXT(conn, "ok"); /* and yet */
    NEXT(conn, "!23503");
    PQfinish(conn);
    assert_string_equal(rows_in_t(*state), "");
}

static void a_unit_can_be_looked_at_before_it_is_committed(void **state)
{
    reset_table(*state);
    PGconn *conn = pipeline_to(*state);
    for (int keep = 0; keep < 2; keep++) {
        send_sql(conn, keep ? "INSERT INTO t VALUES (2)" : "INSERT INTO t VALUES (1)");
        PQsendFlushRequest(conn);
        NEXT(conn, "ok"); /* before any Sync */
        assert_null(PQgetResult(conn));
        if (!keep)
            send_sql(conn, "ROLLBACK");
        sync_up(conn);
        if (!keep)
            NEXT(conn, "ok");
        NEXT(conn, "sync");
    }
    PQfinish(conn);
    assert_string_equal(rows_in_t(*state), "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_of_one_sync_are_one_transaction),
        cmocka_unit_test(an_error_aborts_those_behind_it_up_to_the_sync),
        cmocka_unit_test(a_function_that_writes_is_refused_on_a_read_only_connection),
        cmocka_unit_test(a_parse_before_an_error_persists_and_one_behind_it_is_lost),
        cmocka_unit_test(results_wait_for_the_sync_unless_a_flush_is_asked_for),
        cmocka_unit_test(a_setting_local_to_the_transaction_is_seen_by_its_neighbours),
        cmocka_unit_test(gathered_reads_are_planned_once_only_when_a_generic_plan_is_forced),
        cmocka_unit_test(a_bound_limit_is_planned_anew_each_time_and_a_written_one_is_not),
        cmocka_unit_test(the_index_serves_a_gathered_read_by_a_generic_plan),
        cmocka_unit_test(row_by_row_works_in_a_pipeline_behind_another_statement),
        cmocka_unit_test(the_timeout_is_each_statements_own),
        cmocka_unit_test(a_plan_whose_result_changed_is_refused_once),
        cmocka_unit_test(the_sync_commits_and_an_error_rolls_its_own_unit_back),
        cmocka_unit_test(explicit_begin_poisons_the_units_behind_a_failed_one),
        cmocka_unit_test(a_deferred_constraint_fails_at_the_sync_itself),
        cmocka_unit_test(a_unit_can_be_looked_at_before_it_is_committed),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, server_start, server_stop);
}
