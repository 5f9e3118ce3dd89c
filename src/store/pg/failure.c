/* SPDX-License-Identifier: Apache-2.0 */
/* SQLSTATE → problem. The table below is the whole of it; the longest prefix wins. See failure.h. */
#include "store/pg/failure.h"

#include <ctype.h>
#include <stdio.h>

#include "base/check.h"

/* What of the database's own words is meant for, or harmless to, a client. */
enum says {
    SAYS_NOTHING,
    SAYS_MESSAGE, /* behind ours */
    SAYS_RAISED,  /* its message, detail and hint instead of ours: somebody wrote them for this */
    SAYS_REFUSAL, /* constraint, column and value; its message where there is no constraint */
    SAYS_READING, /* nothing: what to do is ours to say */
};

static const struct rule {
    const char *prefix;
    unsigned status;
    struct slice code, detail;
    unsigned retry_after_s;
    enum says says;
} rules[] = {
    {"22", 400, SLICE_INIT("invalid-value"), SLICE_INIT("The database refused a value"), 0, SAYS_MESSAGE},
    {"23505", 409, SLICE_INIT("unique-violation"), {0}, 0, SAYS_REFUSAL},
    {"23503", 409, SLICE_INIT("foreign-key-violation"), {0}, 0, SAYS_REFUSAL},
    {"23001", 409, SLICE_INIT("foreign-key-violation"), {0}, 0, SAYS_REFUSAL},
    {"23P01", 409, SLICE_INIT("exclusion-violation"), {0}, 0, SAYS_REFUSAL},
    {"23502", 400, SLICE_INIT("not-null-violation"), {0}, 0, SAYS_REFUSAL},
    {"23514", 400, SLICE_INIT("check-violation"), {0}, 0, SAYS_REFUSAL},
    {"44000", 400, SLICE_INIT("check-violation"), SLICE_INIT("The values given break the rule"), 0,
     SAYS_MESSAGE},
    {"23", 409, SLICE_INIT("constraint-violation"), {0}, 0, SAYS_REFUSAL},
    {"P0001", 400, SLICE_INIT("raised"), {0}, 0, SAYS_RAISED},
    {"25006", 405, SLICE_INIT("method-not-allowed"),
     SLICE_INIT("This writes to the database, which reading may not."), 0, SAYS_READING},
    {"42501", 403, SLICE_INIT("not-permitted"), SLICE_INIT("The database does not allow this."), 0, 0},
    {"42704", 400, SLICE_INIT("invalid-value"), SLICE_INIT("The database knows no such name"), 0,
     SAYS_MESSAGE}, /* of a language: all others come from the catalogue */
    {"42883", 400, SLICE_INIT("wrong-operator"),
     SLICE_INIT("The database has no such comparison for the type of this column."), 0, 0},
    {"42846", 400, SLICE_INIT("wrong-operator"), SLICE_INIT("The database has no such cast"), 0,
     SAYS_MESSAGE},
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

/* What differs of a write; looked at first. */
static const struct rule rules_of_writes[] = {
    {"21000", 400, SLICE_INIT("repeated-row"), SLICE_INIT("The rows given stand in each other's way"), 0,
     SAYS_MESSAGE},
    {"25006", 503, SLICE_INIT("database-unavailable"),
     SLICE_INIT("The database takes no writes at the moment."), 5, 0},
    {"40", 409, SLICE_INIT("serialization-failure"),
     SLICE_INIT("Another transaction stood in the way, twice; nothing was changed. Try again."), 1, 0},
    {"428C9", 400, SLICE_INIT("generated-column"), SLICE_INIT("A column's value is not given but made"), 0,
     SAYS_MESSAGE},
    {"42P10", 400, SLICE_INIT("no-such-key"),
     SLICE_INIT("No unique key of the table has just the columns of `on_conflict`."), 0, 0},
    {"54000", 400, SLICE_INIT("invalid-value"), SLICE_INIT("The database refused a value"), 0, SAYS_MESSAGE},
    {"55000", 400, SLICE_INIT("not-writable"), SLICE_INIT("The database cannot write there"), 0,
     SAYS_MESSAGE},
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

/* A backend that is told to end does so where it may be interrupted, which is never between a commit and its answer; but one
 * that is killed (57P02) says so wherever it is, and a pooler in between knows nothing. */
static bool is_orderly(const PGresult *result, const char *sqlstate)
{
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    return strcmp(sqlstate, "57P01") == 0 && function != NULL && strcmp(function, "ProcessInterrupts") == 0;
}

static bool is_fatal(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity != NULL && strcmp(severity, "ERROR") != 0; /* FATAL, PANIC */
}

/* A value with a grammar of its own, as a tsquery has it, is refused with the SQLSTATE of a statement that cannot be read; but only
 * a fault of the statement has a position in it. */
static bool is_of_value(const PGresult *result, const char *sqlstate)
{
    return strcmp(sqlstate, "42601") == 0 && PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION) == NULL;
}

void pg_failure_of_result(const PGresult *result, struct failure *ret_failure)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    if (message == NULL)
        message = PQresultErrorMessage(result);
    if (state && is_of_value(result, state))
        state = "22P02";
    pg_failure_make(ret_failure, state ? state : "08006", message);
    one_line(ret_failure->detail, sizeof ret_failure->detail, detail ? detail : "");
    one_line(ret_failure->hint, sizeof ret_failure->hint, hint ? hint : "");
    pg_refusal_of_result(result, ret_failure->sqlstate, &ret_failure->refusal);
    ret_failure->fatal = is_fatal(result);
    ret_failure->orderly = is_orderly(result, ret_failure->sqlstate);
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

static struct slice detail_of(const struct rule *rule, const struct failure *failure, struct arena *arena)
{
    struct slice sentence = {0};
    if (rule->says == SAYS_NOTHING || rule->says == SAYS_READING)
        return rule->detail;
    if (rule->says == SAYS_MESSAGE)
        return arena_format(arena, SLICE_FMT ": %s.", SLICE_ARG(rule->detail), failure->message);
    if (rule->says == SAYS_REFUSAL)
        sentence = pg_refusal_sentence(&failure->refusal, failure->sqlstate, arena);
    return sentence.len > 0 ? sentence : arena_copy(arena, slice_str(failure->message));
}

static void tell_refusal(struct problem *problem, const struct refusal *refusal, struct arena *arena)
{
    problem->constraint = arena_copy(arena, slice_str(refusal->constraint));
    problem->column = arena_copy(arena, slice_str(refusal->column));
    if (refusal->has_value)
        problem->value = arena_copy(arena, slice_str(refusal->value));
}

static struct problem problem_by(const struct rule *rule, const struct failure *failure, struct arena *arena)
{
    struct problem problem = {
        .status = rule->status,
        .code = rule->code,
        .pg_code = arena_copy(arena, slice_str(failure->sqlstate)),
        .detail = detail_of(rule, failure, arena),
        .retry_after_s = rule->retry_after_s,
        .cause = arena_format(arena, "%s: %s", failure->sqlstate, failure->cause),
    };
    if (rule->says == SAYS_REFUSAL)
        tell_refusal(&problem, &failure->refusal, arena);
    if (rule->says == SAYS_RAISED) {
        problem.details = arena_copy(arena, slice_str(failure->detail));
        problem.hint = arena_copy(arena, slice_str(failure->hint));
    }
    if (rule->says == SAYS_READING) {
        problem.hint = SLICE("A function that writes is declared VOLATILE, and then called by POST.");
        problem.allow = SLICE("OPTIONS"); /* by POST a function that is not VOLATILE only reads, too */
    }
    return problem;
}

/* PostgREST's custom: RAISE with the SQLSTATE PT402 is answered with status 402. */
static bool names_status(const struct failure *failure, unsigned *ret_status)
{
    int64_t status;
    if (!pg_failure_is(failure, "PT") || !slice_to_int(slice_str(failure->sqlstate + 2), &status) ||
        status < 400 || status > 599)
        return false;
    *ret_status = (unsigned)status;
    return true;
}

struct problem pg_failure_problem(const struct failure *failure, struct arena *arena)
{
    struct rule raised = {"PT", 0, SLICE("raised"), {0}, 0, SAYS_RAISED};
    bool custom = names_status(failure, &raised.status);
    return problem_by(custom ? &raised : rule_for(failure), failure, arena);
}

struct problem pg_failure_problem_of_write(const struct failure *failure, struct arena *arena)
{
    for (size_t i = 0; i < ARRAY_LEN(rules_of_writes); i++)
        if (pg_failure_is(failure, rules_of_writes[i].prefix))
            return problem_by(&rules_of_writes[i], failure, arena);
    return pg_failure_problem(failure, arena);
}

struct problem pg_problem_unknown(const struct failure *failure, struct arena *arena)
{
    return (struct problem){
        .status = 503,
        .code = SLICE("outcome-unknown"),
        .pg_code = SLICE("08007"),
        .detail = SLICE("The connection to the database was lost while it committed: "
                        "whether anything was changed is not known."),
        .hint = SLICE("Look before you repeat it; with the same Idempotency-Key a repetition is safe."),
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
