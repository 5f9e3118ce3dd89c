/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on a shape: lane.h says by what rules.
 *
 * SQLite promises nothing about the wording of EXPLAIN; so every line must be one that is known to be
 * harmless, and an unknown one sends the shape to the pool, where it is slower and right. */
#include "store/sqlite/lane.h"

#include <stdlib.h>

#include "base/check.h"

enum {
    WINDOW_RUNS = 256,
    WINDOW_SLOW_MAX = 12,
    SLOW_US = 200,
    AWAY_MS = 100,
    STRIKES_MAX = 6,
    PLAN_LINES_MAX = 100
};

struct plan_line {
    int id, parent;
    struct slice detail; /* points into text */
    char text[120];
};

struct plan_lines {
    unsigned count;
    bool whole; /* none was lost */
    struct plan_line lines[PLAN_LINES_MAX];
};

static sqlite3_stmt *explain(sqlite3 *db, const char *how, struct slice text)
{
    char *sql = sqlite3_mprintf("%s %.*s", how, (int)text.len, text.data);
    sqlite3_stmt *stmt = NULL;
    if (sql && sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        stmt = NULL;
    sqlite3_free(sql);
    return stmt;
}

static struct slice column(sqlite3_stmt *stmt, int at)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);
    return slice_of(text, text ? (size_t)sqlite3_column_bytes(stmt, at) : 0);
}

static void plan_read(sqlite3 *db, struct slice text, struct plan_lines *plan)
{
    plan->count = 0;
    sqlite3_stmt *stmt = explain(db, "EXPLAIN QUERY PLAN", text);
    int code = SQLITE_ERROR;
    while (stmt && (code = sqlite3_step(stmt)) == SQLITE_ROW && plan->count < PLAN_LINES_MAX) {
        struct plan_line *line = &plan->lines[plan->count++];
        line->id = sqlite3_column_int(stmt, 0);
        line->parent = sqlite3_column_int(stmt, 1);
        struct slice detail = column(stmt, 3);
        detail.len = detail.len < sizeof line->text ? detail.len : sizeof line->text;
        memcpy(line->text, detail.data, detail.len);
        line->detail = slice_of(line->text, detail.len);
    }
    plan->whole = code == SQLITE_DONE;
    sqlite3_finalize(stmt);
}

static bool contains(struct slice text, struct slice word)
{
    return text.len >= word.len && memmem(text.data, text.len, word.data, word.len) != NULL;
}

/* Whether a "SCAN name" reads a co-routine beside it, and no table. */
static bool scans_coroutine(const struct plan_lines *plan, const struct plan_line *scan)
{
    struct slice name = slice_skip(scan->detail, sizeof "SCAN " - 1);
    for (const struct plan_line *line = plan->lines; line < plan->lines + plan->count; line++)
        if (line->parent == scan->parent && slice_starts(line->detail, SLICE("CO-ROUTINE ")) &&
            slice_eq(slice_skip(line->detail, sizeof "CO-ROUTINE " - 1), name))
            return true;
    return false;
}

/* A list of values: `x IN (SELECT value FROM json_each(?1))`. Any other subquery reads a table. */
static bool lists_values(const struct plan_lines *plan, const struct plan_line *list)
{
    bool values = false;
    for (const struct plan_line *line = plan->lines; line < plan->lines + plan->count; line++) {
        if (line->parent != list->id)
            continue;
        if (!slice_starts(line->detail, SLICE("SCAN json_each VIRTUAL TABLE ")))
            return false;
        values = true;
    }
    return values;
}

/* Whether all that is sorted comes from co-routines: the branches of a keyset page, each with a LIMIT of
 * its own. */
static bool sorts_coroutines(const struct plan_lines *plan, const struct plan_line *sort)
{
    for (const struct plan_line *line = plan->lines; line < plan->lines + plan->count; line++) {
        bool reads =
            slice_starts(line->detail, SLICE("SCAN ")) || slice_starts(line->detail, SLICE("SEARCH "));
        if (line->parent == sort->parent && reads && !scans_coroutine(plan, line))
            return false;
    }
    return true;
}

static const struct plan_line *parent_of(const struct plan_lines *plan, const struct plan_line *child)
{
    for (const struct plan_line *line = plan->lines; line < plan->lines + plan->count; line++)
        if (line->id == child->parent)
            return line;
    return NULL;
}

/* Whether the line is run for each row of another: embedded rows, EXISTS. The LIMIT may be the other's. */
static bool is_per_row(const struct plan_lines *plan, const struct plan_line *line)
{
    while ((line = parent_of(plan, line)) != NULL)
        if (slice_starts(line->detail, SLICE("CORRELATED SCALAR SUBQUERY ")))
            return true;
    return false;
}

static bool line_is_harmless(const struct plan_lines *plan, const struct plan_line *line, bool limited)
{
    static const struct slice known[] = {
        SLICE_INIT("USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"),
        SLICE_INIT("USE TEMP B-TREE FOR LAST TERM OF ORDER BY"),
        SLICE_INIT("SCAN CONSTANT ROW"),
        SLICE_INIT("MERGE (UNION ALL)"),
        SLICE_INIT("COMPOUND QUERY"),
        SLICE_INIT("LEFT-MOST SUBQUERY"),
        SLICE_INIT("UNION ALL"),
        SLICE_INIT("LEFT"),
        SLICE_INIT("RIGHT"),
        SLICE_INIT("MULTI-INDEX OR"),
    };
    struct slice detail = line->detail;
    bool once_limited = limited && !is_per_row(plan, line);
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (slice_eq(detail, known[i]))
            return true;
    if (slice_starts(detail, SLICE("SEARCH ")))
        return !contains(detail, SLICE(" AUTOMATIC ")) && !contains(detail, SLICE(" VIRTUAL TABLE "));
    if (slice_starts(detail, SLICE("LIST SUBQUERY ")))
        return lists_values(plan, line);
    if (slice_starts(detail, SLICE("SCAN json_each VIRTUAL TABLE ")))
        return true;
    if (slice_starts(detail, SLICE("SCAN ")))
        return scans_coroutine(plan, line) || (once_limited && !contains(detail, SLICE(" VIRTUAL TABLE ")));
    if (slice_eq(detail, SLICE("USE TEMP B-TREE FOR ORDER BY")))
        return once_limited && sorts_coroutines(plan, line);
    if (slice_starts(detail, SLICE("CORRELATED SCALAR SUBQUERY ")))
        return true; /* its lines are looked at too */
    return slice_starts(detail, SLICE("CO-ROUTINE ")) || slice_starts(detail, SLICE("INDEX "));
}

static bool plan_is_harmless(sqlite3 *db, struct slice text, bool limited)
{
    struct plan_lines *plan = sqlite3_malloc64(sizeof *plan);
    if (!plan)
        return false;
    plan_read(db, text, plan);
    bool harmless = plan->whole && plan->count > 0;
    for (unsigned i = 0; harmless && i < plan->count; i++)
        harmless = line_is_harmless(plan, &plan->lines[i], limited);
    sqlite3_free(plan);
    return harmless;
}

/* Aggregates and window functions read all their rows before the first comes; `Count` is one opcode that
 * nothing stops. Embedded rows are few: the plan says whether they are found by an index. */
static bool program_aggregates(sqlite3 *db, struct slice text)
{
    sqlite3_stmt *stmt = explain(db, "EXPLAIN", text);
    int code = SQLITE_ERROR;
    bool aggregates = false;
    while (stmt && !aggregates && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct slice opcode = column(stmt, 1);
        bool tuples = slice_starts(column(stmt, 5), SLICE("leat_tuples("));
        aggregates = slice_eq(opcode, SLICE("Count")) || (slice_starts(opcode, SLICE("Agg")) && !tuples);
    }
    sqlite3_finalize(stmt);
    return aggregates || code != SQLITE_DONE;
}

static bool has_limit(struct slice text)
{
    for (; text.len > 0; text = slice_skip(text, 1))
        if (text.len >= 5 && slice_eq_nocase(slice_of(text.data, 5), SLICE("LIMIT")))
            return true;
    return false;
}

bool lite_lane_judge(sqlite3 *db, struct slice text)
{
    PRE(text.len > 0);
    return plan_is_harmless(db, text, has_limit(text)) && !program_aggregates(db, text);
}

bool lite_lane_is_inline(const struct lite_lane *lane, struct mono now)
{
    PRE(lane->judged);
    return lane->inline_plan && (lane->strikes == 0 || now.us >= lane->pool_until.us);
}

static void window_new(struct lite_lane *lane)
{
    lane->runs = lane->slow_runs = 0;
}

void lite_lane_overran(struct lite_lane *lane, struct mono now)
{
    lane->pool_until = mono_after_ms(now, AWAY_MS << lane->strikes);
    if (lane->strikes < STRIKES_MAX)
        lane->strikes++;
    window_new(lane);
}

void lite_lane_measured(struct lite_lane *lane, int64_t run_us, struct mono now)
{
    lane->slow_runs += run_us >= SLOW_US;
    if (lane->slow_runs > WINDOW_SLOW_MAX) {
        lite_lane_overran(lane, now);
        return;
    }
    if (++lane->runs < WINDOW_RUNS)
        return;
    lane->strikes = 0;
    window_new(lane);
}
