/* SPDX-License-Identifier: Apache-2.0 */
/* Constraints that refused a row: refusal.h says what is known of them. */
#include "store/sqlite/refusal.h"

#include "base/check.h"

static const struct rule {
    int code; /* extended; 0: all others */
    unsigned status;
    struct slice word, pg_code;
} rules[] = {
    {SQLITE_CONSTRAINT_UNIQUE, 409, SLICE_INIT("unique-violation"), SLICE_INIT("23505")},
    {SQLITE_CONSTRAINT_PRIMARYKEY, 409, SLICE_INIT("unique-violation"), SLICE_INIT("23505")},
    {SQLITE_CONSTRAINT_ROWID, 409, SLICE_INIT("unique-violation"), SLICE_INIT("23505")},
    {SQLITE_CONSTRAINT_FOREIGNKEY, 409, SLICE_INIT("foreign-key-violation"), SLICE_INIT("23503")},
    {SQLITE_CONSTRAINT_NOTNULL, 400, SLICE_INIT("not-null-violation"), SLICE_INIT("23502")},
    {SQLITE_CONSTRAINT_CHECK, 400, SLICE_INIT("check-violation"), SLICE_INIT("23514")},
    {SQLITE_CONSTRAINT_DATATYPE, 400, SLICE_INIT("invalid-value"), SLICE_INIT("22P02")},
    {SQLITE_CONSTRAINT_TRIGGER, 400, SLICE_INIT("raised"), SLICE_INIT("P0001")},
    {0, 409, SLICE_INIT("constraint-violation"), SLICE_INIT("23000")},
};

static const struct rule *rule_for(int code)
{
    const struct rule *rule = rules;
    while (rule->code != 0 && rule->code != code)
        rule++;
    return rule;
}

/* What stands behind the last of `mark`; all when there is none. */
static struct slice behind(struct slice text, struct slice mark)
{
    for (size_t at = text.len; at >= mark.len; at--)
        if (memcmp(text.data + at - mark.len, mark.data, mark.len) == 0)
            return slice_skip(text, at);
    return text;
}

static bool cut(struct slice *text, struct slice before)
{
    bool starts = slice_starts(*text, before);
    *text = starts ? slice_skip(*text, before.len) : *text;
    return starts;
}

/* ---- asking the schema ---- */

static struct slice column_copy(struct arena *arena, sqlite3_stmt *stmt, int at)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);
    return arena_copy(arena, text ? slice_of(text, (size_t)sqlite3_column_bytes(stmt, at)) : SLICE(""));
}

static sqlite3_stmt *ask(sqlite3 *db, const char *sql, struct slice a, struct slice b)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_text(stmt, 1, a.data, (int)a.len, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, b.data, (int)b.len, SQLITE_STATIC);
    return stmt;
}

/* ---- unique keys ---- */

/* "t.a, t.b" → table "t", columns "a, b". */
static struct slice columns_of(struct arena *arena, struct slice text, struct slice *ret_table)
{
    struct slice columns = {0}, rest = text;
    *ret_table = slice_cut(&rest, '.');
    while (text.len > 0) {
        struct slice item = slice_cut(&text, ',');
        cut(&text, SLICE(" "));
        cut(&item, *ret_table);
        cut(&item, SLICE("."));
        columns = columns.len == 0
                      ? item
                      : arena_format(arena, SLICE_FMT ", " SLICE_FMT, SLICE_ARG(columns), SLICE_ARG(item));
    }
    return columns;
}

/* As PostgreSQL names a constraint without a name. */
static struct slice name_made(struct arena *arena, struct slice table, struct slice columns, const char *end)
{
    struct slice name = table;
    while (columns.len > 0) {
        struct slice column = slice_cut(&columns, ',');
        cut(&columns, SLICE(" "));
        name = arena_format(arena, SLICE_FMT "_" SLICE_FMT, SLICE_ARG(name), SLICE_ARG(column));
    }
    return arena_format(arena, SLICE_FMT "_%s", SLICE_ARG(name), end);
}

static struct slice unique_name(sqlite3 *db, struct arena *arena, struct slice table, struct slice columns,
                                int code)
{
    static const char sql[] =
        "SELECT l.name FROM pragma_index_list(?1) AS l WHERE l.\"unique\" AND l.origin = 'c' AND ?2 ="
        " (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno))";
    struct slice name = {0};
    sqlite3_stmt *stmt = ask(db, sql, table, columns);
    if (stmt && code == SQLITE_CONSTRAINT_UNIQUE && sqlite3_step(stmt) == SQLITE_ROW)
        name = column_copy(arena, stmt, 0);
    sqlite3_finalize(stmt);
    if (name.len > 0)
        return name;
    return code == SQLITE_CONSTRAINT_UNIQUE ? name_made(arena, table, columns, "key")
                                            : arena_format(arena, SLICE_FMT "_pkey", SLICE_ARG(table));
}

/* message: "UNIQUE constraint failed: t.a, t.b" or "… failed: index 'name'", for one of expressions. */
static void tell_unique(sqlite3 *db, struct arena *arena, struct slice subject, int code,
                        struct problem *problem)
{
    struct slice table, index = subject;
    if (cut(&index, SLICE("index '")) && index.len > 0) {
        problem->constraint = arena_copy(arena, slice_of(index.data, index.len - 1));
        problem->detail = arena_format(arena, "There is already a row with this key (`" SLICE_FMT "`).",
                                       SLICE_ARG(problem->constraint));
        return;
    }
    problem->column = columns_of(arena, subject, &table);
    problem->constraint = unique_name(db, arena, table, problem->column, code);
    problem->detail =
        arena_format(arena, "There is already a row with this `" SLICE_FMT "` (`" SLICE_FMT "`).",
                     SLICE_ARG(problem->column), SLICE_ARG(problem->constraint));
}

/* ---- foreign keys ---- */

void lite_target_note(struct lite_target *target, int action, const char *table, const char *trigger)
{
    bool writes = action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE;
    if (!writes || trigger != NULL || target->action != 0)
        return;
    target->action = action;
    sqlite3_snprintf(sizeof target->table, target->table, "%s", table);
}

/* By preparing it again: only of one that failed is it asked. */
static void find_target(sqlite3 *db, struct slice text, struct lite_target *target)
{
    sqlite3_stmt *stmt = NULL;
    *target = (struct lite_target){0};
    sqlite3_prepare_v2(db, text.data, (int)text.len, &stmt, NULL);
    sqlite3_finalize(stmt);
}

/* The keys that a statement on a table could have broken. */
struct suspects {
    unsigned count;
    struct slice columns, names; /* of one: its columns; of several: their names in a list */
};

static void suspect(struct suspects *suspects, struct arena *arena, sqlite3_stmt *stmt)
{
    while (stmt && sqlite3_step(stmt) == SQLITE_ROW) {
        suspects->columns = column_copy(arena, stmt, 1);
        struct slice name = name_made(arena, column_copy(arena, stmt, 0), suspects->columns, "fkey");
        suspects->names = suspects->count++ == 0 ? name
                                                 : arena_format(arena, SLICE_FMT ", " SLICE_FMT,
                                                                SLICE_ARG(suspects->names), SLICE_ARG(name));
    }
    sqlite3_finalize(stmt);
}

static void suspect_outgoing(sqlite3 *db, struct arena *arena, struct slice table, struct suspects *suspects)
{
    suspect(
        suspects, arena,
        ask(db,
            "SELECT ?1, group_concat(\"from\", ', ') FROM (SELECT id, \"from\" FROM pragma_foreign_key_list(?1)"
            " ORDER BY id DESC, seq) GROUP BY id ORDER BY id DESC",
            table, table));
}

static void suspect_incoming(sqlite3 *db, struct arena *arena, struct slice table, struct suspects *suspects)
{
    suspect(
        suspects, arena,
        ask(db,
            "SELECT child, group_concat(\"from\", ', ') FROM (SELECT m.name AS child, f.id AS id, f.\"from\""
            " FROM sqlite_schema m, pragma_foreign_key_list(m.name) f"
            " WHERE m.type = 'table' AND lower(f.\"table\") = lower(?1) ORDER BY child, f.id DESC, f.seq)"
            " GROUP BY child, id",
            table, table));
}

static void tell_one_key(struct arena *arena, const struct suspects *out, const struct suspects *in,
                         struct problem *problem)
{
    problem->constraint = out->count > 0 ? out->names : in->names;
    problem->column = out->columns;
    problem->detail =
        out->count > 0
            ? arena_format(arena, "There is no row to refer to with this `" SLICE_FMT "` (`" SLICE_FMT "`).",
                           SLICE_ARG(out->columns), SLICE_ARG(out->names))
            : arena_format(arena, "Other rows still refer to this one (`" SLICE_FMT "`).",
                           SLICE_ARG(in->names));
}

static void tell_foreign_key(sqlite3 *db, struct arena *arena, struct slice text, struct lite_target *target,
                             struct problem *problem)
{
    struct suspects out = {0}, in = {0};
    find_target(db, text, target);
    struct slice table = slice_str(target->table);
    if (target->action == SQLITE_INSERT || target->action == SQLITE_UPDATE)
        suspect_outgoing(db, arena, table, &out);
    if (target->action == SQLITE_DELETE || target->action == SQLITE_UPDATE)
        suspect_incoming(db, arena, table, &in);
    if (out.count + in.count == 1)
        tell_one_key(arena, &out, &in, problem);
    else if (out.count + in.count == 0)
        problem->detail = SLICE("A reference between rows would be broken.");
    else
        problem->detail = arena_format(arena,
                                       "One of these references between rows would be broken: " SLICE_FMT
                                       "%s" SLICE_FMT ".",
                                       SLICE_ARG(out.names), out.count > 0 && in.count > 0 ? ", " : "",
                                       SLICE_ARG(in.names));
}

/* ---- what the message tells ---- */

static void tell(sqlite3 *db, struct fetch *fetch, struct lite_target *target, int code, struct slice message)
{
    struct arena *arena = fetch->arena;
    struct problem *problem = &fetch->problem;
    struct slice subject = behind(message, SLICE(" failed: "));
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        tell_unique(db, arena, subject, code, problem);
        return;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        tell_foreign_key(db, arena, fetch->statement.text, target, problem);
        return;
    case SQLITE_CONSTRAINT_NOTNULL:
        problem->column = behind(subject, SLICE("."));
        problem->detail = arena_format(arena, "`" SLICE_FMT "` must have a value: it cannot be null.",
                                       SLICE_ARG(problem->column));
        return;
    case SQLITE_CONSTRAINT_CHECK:
        problem->constraint = subject;
        problem->detail =
            arena_format(arena, "The values given break the rule `" SLICE_FMT "`.", SLICE_ARG(subject));
        return;
    case SQLITE_CONSTRAINT_DATATYPE:
        problem->column = behind(message, SLICE("."));
        problem->detail =
            arena_format(arena, "The database refused a value: " SLICE_FMT ".", SLICE_ARG(message));
        return;
    default:
        problem->detail = message; /* of a RAISE: somebody wrote it for this */
    }
}

/* Statements that SQLite does not even prepare, by its words: it has no codes for them. */
static const struct wording {
    struct slice part, word, pg_code, detail;
} wordings[] = {
    {SLICE_INIT(" generated column "), SLICE_INIT("generated-column"), SLICE_INIT("428C9"),
     SLICE_INIT("A column's value is not given but made")},
    {SLICE_INIT("ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint"),
     SLICE_INIT("no-such-key"), SLICE_INIT("42P10"),
     SLICE_INIT("No unique key of the table has just the columns of `on_conflict`")},
    {SLICE_INIT(" because it is a view"), SLICE_INIT("not-writable"), SLICE_INIT("55000"),
     SLICE_INIT("The database cannot write there")},
    {SLICE_INIT(" may not be modified"), SLICE_INIT("not-writable"), SLICE_INIT("55000"),
     SLICE_INIT("The database cannot write there")},
};

static bool refused_by_words(sqlite3 *db, struct fetch *fetch, int code)
{
    struct slice message = slice_str(sqlite3_errmsg(db));
    for (const struct wording *it = wordings; it < wordings + ARRAY_LEN(wordings); it++) {
        if (code != SQLITE_ERROR || !memmem(message.data, message.len, it->part.data, it->part.len))
            continue;
        fetch->problem = (struct problem){
            .status = 400,
            .code = it->word,
            .pg_code = it->pg_code,
            .detail = arena_format(fetch->arena, SLICE_FMT ": " SLICE_FMT ".", SLICE_ARG(it->detail),
                                   SLICE_ARG(message)),
            .cause = arena_format(fetch->arena, "SQLite %d: " SLICE_FMT, code, SLICE_ARG(message)),
        };
        return true;
    }
    return false;
}

bool lite_refused(sqlite3 *db, struct fetch *fetch, int code, struct lite_target *target)
{
    if ((code & 0xff) != SQLITE_CONSTRAINT)
        return refused_by_words(db, fetch, code);
    const struct rule *rule = rule_for(code);
    bool said = sqlite3_extended_errcode(db) == code; /* deferred keys are found broken by us */
    struct slice message = slice_str(said ? sqlite3_errmsg(db) : "FOREIGN KEY constraint failed");
    message = arena_copy(fetch->arena, message);
    fetch->problem = (struct problem){
        .status = rule->status,
        .code = rule->word,
        .pg_code = rule->pg_code,
        .cause = arena_format(fetch->arena, "SQLite %d: " SLICE_FMT, code, SLICE_ARG(message)),
    };
    tell(db, fetch, target, code, message);
    return true;
}
