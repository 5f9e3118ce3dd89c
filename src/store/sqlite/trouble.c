/* SPDX-License-Identifier: Apache-2.0 */
/* Problems from result codes: trouble.h says whose. A client is told what it can do about it, in the words
 * and codes that store/pg uses for the same; the words of the database are in `cause`, for the log. */
#include "store/sqlite/trouble.h"

#include "base/check.h"

static const struct rule {
    int code; /* primary; 0: all others */
    unsigned status;
    struct slice word, pg_code, detail;
    unsigned retry_after_s;
} rules[] = {
    {SQLITE_BUSY, 503, SLICE_INIT("database-busy"), SLICE_INIT("55P03"),
     SLICE_INIT("A lock could not be had in time; try again."), 1},
    {SQLITE_LOCKED, 503, SLICE_INIT("database-busy"), SLICE_INIT("55P03"),
     SLICE_INIT("A lock could not be had in time; try again."), 1},
    {SQLITE_CORRUPT, 503, SLICE_INIT("database-unavailable"), SLICE_INIT("XX001"),
     SLICE_INIT("The database's file is damaged."), 5},
    {SQLITE_NOTADB, 503, SLICE_INIT("database-unavailable"), SLICE_INIT("XX001"),
     SLICE_INIT("The database's file is damaged."), 5},
    {SQLITE_IOERR, 503, SLICE_INIT("database-unavailable"), SLICE_INIT("58030"),
     SLICE_INIT("The database has a fault of its system."), 2},
    {SQLITE_CANTOPEN, 503, SLICE_INIT("database-unavailable"), SLICE_INIT("58030"),
     SLICE_INIT("The database cannot be opened at the moment."), 2},
    {SQLITE_NOMEM, 503, SLICE_INIT("database-unavailable"), SLICE_INIT("53200"),
     SLICE_INIT("The database is out of resources."), 2},
    {SQLITE_FULL, 503, SLICE_INIT("disk-full"), SLICE_INIT("53100"),
     SLICE_INIT("The database's disk is full; nothing was changed."), 10},
    {SQLITE_READONLY, 403, SLICE_INIT("not-permitted"), SLICE_INIT("42501"),
     SLICE_INIT("The database's file may only be read by this service."), 0},
    {SQLITE_TOOBIG, 422, SLICE_INIT("answer-too-large"), SLICE_INIT("54000"),
     SLICE_INIT("A value is larger than an answer may be; ask for less of it."), 0},
    {0, 500, SLICE_INIT("database-error"), SLICE_INIT("XX000"),
     SLICE_INIT("The database could not run the statement."), 0},
};

static const struct rule *rule_for(int code)
{
    const struct rule *rule = rules;
    while (rule->code != 0 && rule->code != (code & 0xff))
        rule++;
    return rule;
}

bool lite_code_is_broken(int code)
{
    int primary = code & 0xff;
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_IOERR ||
           primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY;
}

struct problem lite_problem_unavailable(struct arena *arena, const char *why)
{
    const struct rule *rule = rule_for(SQLITE_CANTOPEN);
    return (struct problem){
        .status = rule->status,
        .code = rule->word,
        .pg_code = rule->pg_code,
        .detail = rule->detail,
        .cause = arena_copy(arena, slice_str(why)),
        .retry_after_s = rule->retry_after_s,
    };
}

struct problem lite_problem_exhausted(void)
{
    return (struct problem){
        .status = 503,
        .code = SLICE("pool-exhausted"),
        .pg_code = SLICE("53300"),
        .detail = SLICE("All connections to the database are busy; try again."),
        .cause = SLICE("no connection became free in time"),
        .retry_after_s = 1,
    };
}

struct problem lite_problem_busy(void)
{
    const struct rule *rule = rule_for(SQLITE_BUSY);
    return (struct problem){
        .status = rule->status,
        .code = rule->word,
        .pg_code = rule->pg_code,
        .detail = rule->detail,
        .retry_after_s = rule->retry_after_s,
        .cause = SLICE("another process has the right to write"),
    };
}

struct problem lite_problem_undone(void)
{
    struct problem problem = lite_problem_busy();
    problem.pg_code = SLICE("40001");
    problem.detail = SLICE("Another write's failure has undone this one; nothing was changed, try again.");
    problem.cause = SLICE("the transaction that it shared was rolled back");
    return problem;
}

struct problem lite_problem_unknown(void)
{
    return (struct problem){
        .status = 503,
        .code = SLICE("outcome-unknown"),
        .pg_code = SLICE("08007"),
        .detail = SLICE(
            "The database's disk failed while it committed: whether anything was changed is not known."),
        .hint = SLICE("Look before you repeat it; with the same Idempotency-Key a repetition is safe."),
        .cause = SLICE("the file's pages were lost or could not be brought to the disk during COMMIT"),
        .retry_after_s = 1,
    };
}

bool lite_code_is_locked(int code)
{
    return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED;
}

struct problem lite_problem_timeout(void)
{
    return (struct problem){
        .status = 504,
        .code = SLICE("query-timeout"),
        .pg_code = SLICE("57014"),
        .detail = SLICE("The database took longer than the request may."),
        .cause = SLICE("stopped after its time"),
    };
}

struct problem lite_problem_cancelled(void)
{
    return (struct problem){
        .status = 503,
        .code = SLICE("cancelled"),
        .pg_code = SLICE("57014"),
        .detail = SLICE("The request was given up."),
    };
}

/* Errors that a value of the request can cause have no code of their own, only SQLite's (and our
 * functions') words. */
static bool value_is_refused(const struct lite_trouble *trouble)
{
    static const char *const messages[] = {
        "LIKE or GLOB pattern too complex",
        "LIKE pattern must not end with escape character",
        "LIKE pattern is too long",
        "integer overflow",
        "malformed JSON",
    };
    if (trouble->code == SQLITE_MISMATCH)
        return true;
    for (size_t i = 0; trouble->code == SQLITE_ERROR && i < ARRAY_LEN(messages); i++)
        if (trouble->message && strcmp(trouble->message, messages[i]) == 0)
            return true;
    return false;
}

static bool table_is_missing(const struct lite_trouble *trouble)
{
    static const char begin[] = "no such table: ";
    return trouble->code == SQLITE_ERROR && trouble->message &&
           strncmp(trouble->message, begin, sizeof begin - 1) == 0;
}

struct problem lite_problem(struct arena *arena, const struct lite_trouble *trouble)
{
    PRE(trouble->code != SQLITE_OK && trouble->code != SQLITE_ROW && trouble->code != SQLITE_DONE);
    if (trouble->cancelled)
        return lite_problem_cancelled();
    if ((trouble->code & 0xff) == SQLITE_INTERRUPT)
        return lite_problem_timeout();
    const char *message = trouble->message ? trouble->message : sqlite3_errstr(trouble->code);
    const struct rule *rule = rule_for(trouble->code);
    struct problem problem = {
        .status = rule->status,
        .code = rule->word,
        .pg_code = rule->pg_code,
        .detail = rule->detail,
        .retry_after_s = rule->retry_after_s,
        .cause = arena_format(arena, "SQLite %d: %s", trouble->code, message),
    };
    if (table_is_missing(trouble))
        problem.pg_code = SLICE("42P01");
    if (value_is_refused(trouble)) {
        problem.status = 400;
        problem.code = SLICE("invalid-value");
        problem.pg_code = SLICE("22000");
        problem.detail = arena_format(arena, "The database refused a value: %s.", message);
    }
    return problem;
}
