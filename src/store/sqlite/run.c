/* SPDX-License-Identifier: Apache-2.0 */
/* Bind, step, reset: run.h says in which manners. Values are bound without copies: they belong to the
 * caller until the fetch's end, and bindings are gone before it. */
#include "store/sqlite/run.h"

#include <errno.h>

#include "store/sqlite/guard.h"
#include "store/sqlite/trouble.h"

enum {
    BUDGET_US = 1000,
    KEPT_BYTES_MAX = 64 * 1024,
    KEPT_CELLS_MAX = 4096,
    ROW_CELLS_MAX = 2000,
    IDLE_BYTES_MAX = 16 * 1024,
    IDLE_CELLS_MAX = 1024
};

static int bind_one(sqlite3_stmt *stmt, int at, const struct bind *bind)
{
    const char *text = bind->text.data ? bind->text.data : "";
    switch (bind->kind) {
    case BIND_INT:
        return sqlite3_bind_int64(stmt, at, bind->integer);
    case BIND_REAL:
        return sqlite3_bind_double(stmt, at, bind->real);
    case BIND_TEXT:
        return sqlite3_bind_text64(stmt, at, text, bind->text.len, SQLITE_STATIC, SQLITE_UTF8);
    case BIND_BLOB:
        return sqlite3_bind_blob64(stmt, at, text, bind->text.len, SQLITE_STATIC);
    case BIND_NULL:
        return sqlite3_bind_null(stmt, at);
    }
    UNREACHABLE("a bind has one of these kinds");
}

static int bind_run(sqlite3_stmt *stmt, const struct statement *statement, unsigned run)
{
    int code = SQLITE_OK;
    const struct bind *binds = statement->binds + (size_t)run * statement->bind_count;
    for (unsigned i = 0; i < statement->bind_count && code == SQLITE_OK; i++)
        code = bind_one(stmt, (int)i + 1, &binds[i]);
    return code;
}

static int bind_all(sqlite3_stmt *stmt, const struct statement *statement)
{
    return bind_run(stmt, statement, 0);
}

static void rest(sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

/* The first row after a change of the schema may have other columns than the statement had. */
static bool begin_rows(struct lite_reader *reader, struct lite_statement *statement)
{
    return lite_statement_columns(statement) && lite_rows_begin(&reader->rows, statement->columns);
}

static bool is_no_room(int error)
{
    return error == EDQUOT || error == EFBIG || error == ENOSPC;
}

/* SQLite keeps the error of statements, but not of COMMIT. */
int lite_code_meant(sqlite3 *db, int code)
{
    bool full = code == SQLITE_IOERR_WRITE && (is_no_room(errno) || is_no_room(sqlite3_system_errno(db)));
    return full ? SQLITE_FULL : code;
}

enum lite_run lite_run_failed(struct lite_reader *reader, struct fetch *fetch, int code)
{
    bool cancelled = reader->cancelled && atomic_load_explicit(reader->cancelled, memory_order_relaxed);
    struct lite_trouble trouble = {
        .code = code == SQLITE_OK ? SQLITE_NOMEM : code, /* not SQLite failed: our own memory did */
        .message = sqlite3_extended_errcode(reader->db) == code ? sqlite3_errmsg(reader->db) : NULL,
        .cancelled = cancelled,
    };
    if (lite_guard_is_torn())
        trouble = (struct lite_trouble){
            .code = SQLITE_IOERR_READ,
            .message = "the file has become shorter under its readers, or its disk fails",
            .cancelled = cancelled,
        };
    fetch->problem = lite_problem(fetch->arena, &trouble);
    return lite_code_is_broken(trouble.code) ? RUN_BROKEN : RUN_DONE;
}

/* The code of a run that has read, unless what it read is worth nothing. */
static int believed(int code)
{
    return lite_guard_is_torn() ? SQLITE_IOERR_READ : code;
}

/* ---- inline ---- */

/* SQLITE_DONE: all rows are kept. SQLITE_FULL: they are more than may be kept; SQLITE_TOOBIG: a list of tuples is. */
static int keep_rows(struct lite_reader *reader, struct lite_statement *statement)
{
    int code = sqlite3_step(statement->stmt);
    if (code == SQLITE_ROW && !begin_rows(reader, statement))
        return SQLITE_NOMEM;
    for (; code == SQLITE_ROW; code = sqlite3_step(statement->stmt))
        if (!lite_rows_add(&reader->rows, statement->stmt, statement->dynamic, true))
            return SQLITE_FULL;
    return code;
}

static bool is_over_budget(int code)
{
    return (code & 0xff) == SQLITE_INTERRUPT || code == SQLITE_FULL || code == SQLITE_TOOBIG;
}

static void measure(struct lite_lane *lane, int code, int64_t run_us, struct mono now)
{
    if (is_over_budget(code))
        lite_lane_overran(lane, now);
    else if (code == SQLITE_DONE)
        lite_lane_measured(lane, run_us, now);
}

enum lite_run lite_run_inline(struct lite_reader *reader, struct lite_statement *statement,
                              struct fetch *fetch, struct mono started)
{
    PRE(fetch->rows == 0);
    reader->limit.us = started.us + BUDGET_US;
    reader->looks = 0;
    if (!lite_rows_begin(&reader->rows, statement->columns))
        return RUN_ELSEWHERE;
    int code = bind_all(statement->stmt, &fetch->statement);
    if (code == SQLITE_OK)
        code = believed(keep_rows(reader, statement));
    enum lite_run run = RUN_DONE;
    if (is_over_budget(code) || lite_code_is_locked(code))
        run = RUN_ELSEWHERE;
    else if (code != SQLITE_DONE)
        run = lite_run_failed(reader, fetch, code);
    rest(statement->stmt);
    reader->limit.us =
        0; /* SQLite counts a statement's steps on: even a COMMIT may ask the progress handler */
    struct mono ended = clock_mono();
    fetch->run_us = mono_diff_us(ended, started);
    measure(&statement->lane, code, fetch->run_us, ended);
    if (code == SQLITE_DONE && !lite_rows_give(&reader->rows, &fetch->sink, &fetch->rows))
        return RUN_DONE; /* the sink has enough */
    return run;
}

/* ---- on the pool ---- */

/* SQLITE_DONE: all rows were given, or as many as were wanted. */
static int give_rows(struct lite_reader *reader, struct lite_statement *statement, struct fetch *fetch)
{
    int code = sqlite3_step(statement->stmt);
    if (code == SQLITE_ROW && !begin_rows(reader, statement))
        return SQLITE_NOMEM;
    for (; code == SQLITE_ROW; code = sqlite3_step(statement->stmt)) {
        if (!lite_rows_add(&reader->rows, statement->stmt, statement->dynamic, false))
            return SQLITE_NOMEM;
        if (lite_guard_is_torn())
            break;
        if (!lite_rows_give(&reader->rows, &fetch->sink, &fetch->rows))
            return SQLITE_DONE;
    }
    return believed(code);
}

static enum lite_run run_pool(struct lite_reader *reader, struct fetch *fetch)
{
    int code = lite_reader_ready(reader);
    if (code != SQLITE_OK)
        return lite_run_failed(reader, fetch, code);
    struct lite_statement *statement = lite_statements_get(&reader->statements, fetch->statement.text);
    if (!statement)
        return lite_run_failed(reader, fetch, sqlite3_extended_errcode(reader->db));
    reader->looks = 0;
    code = bind_all(statement->stmt, &fetch->statement);
    if (code == SQLITE_OK)
        code = give_rows(reader, statement, fetch);
    enum lite_run run = code == SQLITE_DONE ? RUN_DONE : lite_run_failed(reader, fetch, code);
    rest(statement->stmt);
    return run;
}

enum lite_run lite_run_pool(struct lite_reader *reader, struct fetch *fetch)
{
    PRE(fetch->rows == 0);
    lite_guard_enter();
    enum lite_run run = run_pool(reader, fetch);
    lite_guard_leave();
    return run;
}

/* ---- writes ---- */

void lite_harvest_begin(struct lite_harvest *harvest, bool keeps, size_t bytes_max)
{
    if (harvest->rows.span_max == 0)
        lite_rows_init(&harvest->rows, bytes_max, KEPT_CELLS_MAX + ROW_CELLS_MAX);
    harvest->keeps = keeps;
    harvest->enough = false;
}

void lite_harvest_end(struct lite_harvest *harvest, struct fetch *fetch, bool give)
{
    struct lite_rows *rows = &harvest->rows;
    if (give && harvest->keeps && rows->span_count > 0)
        harvest->enough = !lite_rows_give(rows, &fetch->sink, &fetch->rows);
    if (rows->bytes.cap > IDLE_BYTES_MAX || rows->span_cap > IDLE_CELLS_MAX)
        lite_rows_done(rows);
}

/* Rows are handed over as they are, or copied while they are kept. False: a row is too large, or memory is out. */
static bool harvest_row(struct lite_harvest *harvest, struct lite_statement *statement, struct fetch *fetch)
{
    struct lite_rows *rows = &harvest->rows;
    if (harvest->enough)
        return true;
    if (!lite_rows_add(rows, statement->stmt, statement->dynamic, harvest->keeps))
        return false;
    if (harvest->keeps && rows->bytes.len <= KEPT_BYTES_MAX && rows->span_count <= KEPT_CELLS_MAX)
        return true;
    harvest->keeps = false;
    harvest->enough = !lite_rows_give(rows, &fetch->sink, &fetch->rows);
    return true;
}

/* One run to its end, also when the sink has enough: a reset would be too early for what SQLite checks last. */
static int run_once(struct lite_statement *statement, struct fetch *fetch, unsigned run,
                    struct lite_harvest *harvest)
{
    struct lite_rows *rows = &harvest->rows;
    int code = bind_run(statement->stmt, &fetch->statement, run);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement->stmt);
    if (code == SQLITE_ROW && rows->span_count == 0 &&
        !(lite_statement_columns(statement) && lite_rows_begin(rows, statement->columns)))
        return SQLITE_NOMEM;
    for (; code == SQLITE_ROW; code = sqlite3_step(statement->stmt))
        if (!harvest_row(harvest, statement, fetch))
            return rows->bytes.failed && !rows->bytes.no_memory ? SQLITE_TOOBIG : SQLITE_NOMEM;
    return believed(code);
}

int lite_run_write(struct lite_reader *reader, struct fetch *fetch, struct lite_harvest *harvest)
{
    PRE(!sqlite3_get_autocommit(reader->db));
    fetch->changed = 0;
    struct lite_statement *statement = lite_statements_get(&reader->statements, fetch->statement.text);
    int refused = statement ? SQLITE_OK : sqlite3_extended_errcode(reader->db);
    if (refused != SQLITE_OK)
        return refused;
    if (!statement || !lite_rows_begin(&harvest->rows, statement->columns))
        return SQLITE_NOMEM;
    unsigned runs = fetch->statement.runs > 0 ? fetch->statement.runs : 1, run = 0;
    uint64_t changed = 0;
    int code = SQLITE_DONE;
    reader->looks = 0;
    while (run < runs && code == SQLITE_DONE) {
        code = run_once(statement, fetch, run, harvest);
        run += code == SQLITE_DONE;
        if (code == SQLITE_DONE && !sqlite3_stmt_readonly(statement->stmt))
            changed += (uint64_t)sqlite3_changes64(reader->db);
        code = lite_code_meant(reader->db, code);
        sqlite3_reset(statement->stmt);
    }
    sqlite3_clear_bindings(statement->stmt);
    fetch->changed = code == SQLITE_DONE ? changed : run;
    return code;
}
