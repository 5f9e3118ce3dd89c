/* SPDX-License-Identifier: Apache-2.0 */
/* SQLSTATE → problem. The table below is the whole of it; the longest prefix wins. See failure.h. */
#include "store/pg/failure.h"

#include <ctype.h>
#include <stdio.h>

#include "base/check.h"

enum { SAYS_MESSAGE = 1 }; /* the database's primary message is meant for, or harmless to, a client */

static const struct rule {
    const char *prefix;
    unsigned status;
    struct slice code, detail;
    unsigned retry_after_s, says;
} rules[] = {
    {"22", 400, SLICE_INIT("invalid-value"), SLICE_INIT("The database refused a value"), 0, SAYS_MESSAGE},
    {"P0001", 400, SLICE_INIT("database-refused"), SLICE_INIT("The database refused the request"), 0,
     SAYS_MESSAGE},
    {"25006", 500, SLICE_INIT("database-error"),
     SLICE_INIT("The statement writes, but only reads are served here."), 0, 0},
    {"42501", 403, SLICE_INIT("forbidden"), SLICE_INIT("The database does not allow this."), 0, 0},
    {"42883", 400, SLICE_INIT("wrong-operator"),
     SLICE_INIT("The database has no such comparison for the type of this column."), 0, 0},
    {"55000", 503, SLICE_INIT("database-unavailable"),
     SLICE_INIT("The database does not take connections at the moment."), 1, 0},
    {"57014", 504, SLICE_INIT("query-timeout"), SLICE_INIT("The database took longer than a statement may."),
     0, 0},
    {"40", 503, SLICE_INIT("database-busy"), SLICE_INIT("Another transaction stood in the way; try again."),
     1, 0},
    {"55P03", 503, SLICE_INIT("database-busy"), SLICE_INIT("A lock could not be had in time; try again."), 1,
     0},
    {"08", 503, SLICE_INIT("database-unavailable"),
     SLICE_INIT("The database cannot be reached at the moment."), 1, 0},
    {"28", 503, SLICE_INIT("database-unavailable"), SLICE_INIT("The database does not let this service in."),
     5, 0},
    {"3D000", 503, SLICE_INIT("database-unavailable"), SLICE_INIT("The database does not exist."), 5, 0},
    {"53", 503, SLICE_INIT("database-unavailable"), SLICE_INIT("The database is out of resources."), 2, 0},
    {"57P", 503, SLICE_INIT("database-unavailable"), SLICE_INIT("The database is restarting."), 1, 0},
    {"58", 503, SLICE_INIT("database-unavailable"), SLICE_INIT("The database has a fault of its system."), 2,
     0},
    {"", 500, SLICE_INIT("database-error"), SLICE_INIT("The database could not run the statement."), 0, 0},
};

/* ---- taking a failure in ---- */

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

/* White space, however long, becomes one blank, ends are trimmed; cut to the room there is, never within a character. */
static void one_line(char *to, size_t to_max, const char *from)
{
    size_t len = 0;
    for (; *from && len < to_max - 1; from++)
        if (!is_space(*from))
            to[len++] = *from;
        else if (len > 0 && to[len - 1] != ' ')
            to[len++] = ' ';
    for (; len > 0 && ((unsigned char)*from & 0xc0) == 0x80; from--) /* cut within a character: it goes */
        len--;
    while (len > 0 && to[len - 1] == ' ')
        len--;
    to[len] = '\0';
}

void pg_failure_make(struct failure *ret_failure, const char *sqlstate, const char *text)
{
    memset(ret_failure, 0, sizeof *ret_failure);
    snprintf(ret_failure->sqlstate, sizeof ret_failure->sqlstate, "%.5s", sqlstate);
    one_line(ret_failure->message, sizeof ret_failure->message, text);
    one_line(ret_failure->cause, sizeof ret_failure->cause, text);
}

void pg_failure_of_result(const PGresult *result, struct failure *ret_failure)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    if (message == NULL)
        message = PQresultErrorMessage(result);
    pg_failure_make(ret_failure, state ? state : "08006", message);
    char text[1024];
    snprintf(text, sizeof text, "%s%s%s%s%s", message, detail ? "; " : "", detail ? detail : "",
             hint ? "; hint: " : "", hint ? hint : "");
    one_line(ret_failure->cause, sizeof ret_failure->cause, text);
}

/* libpq 15 keeps no SQLSTATE of a refused connection, but a verbose message has it: `FATAL:  53300: sorry, …`. */
static bool find_sqlstate(const char *message, char ret_state[6])
{
    const char *at = strstr(message, ":  ");
    if (at == NULL || strlen(at) < 9 || at[8] != ':')
        return false;
    for (int i = 3; i < 8; i++)
        if (!isdigit((unsigned char)at[i]) && !isupper((unsigned char)at[i]))
            return false;
    memcpy(ret_state, at + 3, 5);
    ret_state[5] = '\0';
    return true;
}

/* Takes out the lines that begin so. */
static void drop_lines(char *message, const char *begin)
{
    for (char *at; (at = strstr(message, begin)) != NULL;) {
        char *end = at + 1 + strcspn(at + 1, "\n");
        memmove(at, end, strlen(end) + 1);
    }
}

void pg_failure_of_connection(const PGconn *conn, struct failure *ret_failure)
{
    char message[2048], state[6] = "08006";
    snprintf(message, sizeof message, "%s", conn ? PQerrorMessage(conn) : "out of memory");
    if (!find_sqlstate(message, state) && conn && PQconnectionNeedsPassword(conn))
        memcpy(state, "28P01", sizeof state);         /* libpq gave up by itself */
    drop_lines(message, "\nLOCATION:");               /* where in PostgreSQL's source */
    drop_lines(message, "\n\tIs the server running"); /* advice, which we give ourselves */
    pg_failure_make(ret_failure, state, message[0] ? message : "the connection was lost");
}

/* ---- judging it ---- */

bool pg_failure_is(const struct failure *failure, const char *sqlstate)
{
    return strncmp(failure->sqlstate, sqlstate, strlen(sqlstate)) == 0;
}

bool pg_failure_is_connection(const struct failure *failure)
{
    return pg_failure_is(failure, "08") || pg_failure_is(failure, "57P");
}

bool pg_failure_is_prepared(const struct failure *failure)
{
    return pg_failure_is(failure, "0A000") || pg_failure_is(failure, "26000") ||
           pg_failure_is(failure, "42P05");
}

bool pg_failure_is_passing(const struct failure *failure)
{
    return pg_failure_is_prepared(failure) || pg_failure_is(failure, "40001") ||
           pg_failure_is(failure, "40P01");
}

const char *pg_failure_advice(const struct failure *failure)
{
    static const struct {
        const char *prefix, *advice;
    } known[] = {
        {"28P01",
         "look at the user and the password in the URL, or in PGUSER and PGPASSWORD where it has none"},
        {"28", "look at the user in the URL, or in PGUSER where it has none: "
               "the server must have such a role, and let it in by its pg_hba.conf"},
        {"3D000", "create that database, or name another in the URL"},
        {"53", "give the server more connections (max_connections) or memory, or have others take fewer"},
        {"57P", "try again when the server has started"},
        {"08", "look whether PostgreSQL runs there, and at the host and the port in the URL"},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (pg_failure_is(failure, known[i].prefix))
            return known[i].advice;
    return "look at the log of the server";
}

static const struct rule *rule_for(const struct failure *failure)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (pg_failure_is(failure, rules[i].prefix))
            return &rules[i];
    UNREACHABLE("the last rule fits all");
}

struct problem pg_failure_problem(const struct failure *failure, struct arena *arena)
{
    const struct rule *rule = rule_for(failure);
    struct slice detail = rule->detail;
    if (rule->says == SAYS_MESSAGE)
        detail = arena_format(arena, SLICE_FMT ": %s.", SLICE_ARG(rule->detail), failure->message);
    return (struct problem){
        .status = rule->status,
        .code = rule->code,
        .pg_code = arena_copy(arena, slice_str(failure->sqlstate)),
        .detail = detail,
        .retry_after_s = rule->retry_after_s,
        .cause = arena_format(arena, "%s: %s", failure->sqlstate, failure->cause),
    };
}

struct problem pg_problem_cancelled(void)
{
    return (struct problem){.status = 503,
                            .code = SLICE("cancelled"),
                            .detail = SLICE("The request was given up."),
                            .pg_code = SLICE("57014")};
}

struct problem pg_problem_timeout(int64_t timeout_ms, struct arena *arena)
{
    return (struct problem){
        .status = 504,
        .code = SLICE("query-timeout"),
        .pg_code = SLICE("57014"),
        .detail = SLICE("The database took longer than the request may."),
        .cause = arena_format(arena, "no answer within %lld ms", (long long)timeout_ms),
    };
}

struct problem pg_problem_pool(int64_t wait_ms, struct arena *arena)
{
    return (struct problem){
        .status = 503,
        .code = SLICE("pool-exhausted"),
        .pg_code = SLICE("53300"),
        .detail = SLICE("All connections to the database are busy; try again."),
        .retry_after_s = 1,
        .cause = arena_format(arena, "no connection became free within %lld ms", (long long)wait_ms),
    };
}
