/* SPDX-License-Identifier: Apache-2.0 */
/* What rows must be once they are written, checked by the statement that writes them, in its RETURNING: no further statement, no
 * moment between, and a bundle of any size alike.
 *
 *   rows: {viewer: level=lt.3}   the new row is one that the caller's role sees
 *   a foreign key                what the row refers to is of the caller's tenant, where it is some tenant's
 *
 *   … RETURNING CASE WHEN level < 3 THEN NULL ELSE concat('leat-refused:')::boolean END            PostgreSQL
 *   … RETURNING leat_must("e"."i" IS NULL OR EXISTS (SELECT 1 FROM i AS leat_f WHERE …), 'NAME')   SQLite
 *
 * A row of another tenant is told in the words for one that is not there, and the other way round, whatever the store would say.
 * Keys that themselves have the tenant's column are the database's to check. See write_rows.h. */
#include "query/write_rows.h"

#define REFUSED SLICE("leat-refused:")

static bool is_pg(const struct write *write)
{
    return write->listing.build.sql->embeds_json;
}

/* --- what there is to check --- */

/* One of its columns is the tenant on both sides: the reference cannot lead elsewhere. */
static bool is_bound_by_itself(const struct write *write, const struct foreign_key *key,
                               const struct column *tenant)
{
    const struct column *own = write->asked->resource->tenant;
    for (unsigned i = 0; own && i < key->count; i++)
        if (key->columns[i] == own->position && key->target_columns[i] == tenant->position)
            return true;
    return false;
}

static void add_references(struct write *write)
{
    struct build *build = &write->listing.build;
    const struct model *model = build->context->model;
    const struct table *table = write->asked->resource->table;
    write->references = ARENA_ARRAY(build->arena, struct write_reference, table->foreign_key_count + 1);
    for (unsigned i = 0; i < table->foreign_key_count; i++) {
        const struct foreign_key *key = table->foreign_keys[i];
        const struct column *tenant = model->tenants[key->target - model->catalog->tables];
        if (tenant && !is_bound_by_itself(write, key, tenant))
            write->references[write->reference_count++] =
                (struct write_reference){key, tenant, level_tenant(build, tenant)};
    }
}

bool write_checks_begin(struct write *write)
{
    if (write->asked->verb == WRITE_DELETE)
        return true;
    if (!write->asked->resource->of_all)
        add_references(write);
    return level_rows(&write->listing.build, write->listing.level, &write->must);
}

static bool is_given(const struct write *write, const struct write_reference *reference)
{
    const struct foreign_key *key = reference->key;
    for (unsigned i = 0; i < key->count; i++)
        if (write_gives(write, &key->table->columns[key->columns[i]]))
            return true;
    return false;
}

bool write_checks(const struct write *write)
{
    bool some = write->must.count > 0;
    for (unsigned i = 0; i < write->reference_count; i++)
        some |= is_given(write, &write->references[i]);
    return some && write->asked->verb != WRITE_DELETE;
}

/* --- SQL --- */

struct checker {
    const struct write *write;
    struct text *text;
    struct arena *arena;
    struct binds *binds;
};

static void write_literal(struct text *text, struct slice s)
{
    text_byte(text, '\'');
    text_add(text, REFUSED);
    for (size_t i = 0; i < s.len; i++) {
        text_add(text, s.data[i] == '\'' ? SLICE("'") : SLICE(""));
        text_byte(text, s.data[i]);
    }
    text_byte(text, '\'');
}

static void begin_check(struct checker *checker)
{
    text_add(checker->text, is_pg(checker->write) ? SLICE("CASE WHEN ") : SLICE("leat_must("));
}

/* concat() is not for the planner to evaluate: the cast fails for a row, or not at all. */
static void end_check(struct checker *checker, struct slice what)
{
    bool pg = is_pg(checker->write);
    text_add(checker->text, pg ? SLICE(" THEN NULL ELSE concat(") : SLICE(","));
    write_literal(checker->text, what);
    text_add(checker->text, pg ? SLICE(")::boolean END") : SLICE(")"));
}

/* `"events"."incident_id"`: SQLite knows the table of RETURNING by its bare name alone. */
static void write_own(struct checker *checker, const struct foreign_key *key, unsigned at)
{
    text_add(checker->text, identifier_quote(checker->arena, key->table->name));
    text_byte(checker->text, '.');
    text_add(checker->text, key->table->columns[key->columns[at]].sql);
}

/* Rows of one statement of PostgreSQL may refer to each other, and do not see each other yet: of these none may be another's. */
static bool refers_to_unseen(const struct write *write, const struct foreign_key *key)
{
    return is_pg(write) && key->table == key->target;
}

static void write_target(struct checker *checker, const struct write_reference *reference)
{
    const struct foreign_key *key = reference->key;
    const struct dialect_sql *sql = checker->write->listing.build.sql;
    text_lit(checker->text, "EXISTS (SELECT 1 FROM ");
    text_add(checker->text, key->target->sql);
    text_lit(checker->text, " AS leat_f");
    for (unsigned i = 0; i < key->count; i++) {
        const struct column *column = &key->target->columns[key->target_columns[i]];
        text_add(checker->text, i ? SLICE(" AND leat_f.") : SLICE(" WHERE leat_f."));
        text_add(checker->text, column->sql);
        sql->sign(checker->text, &column->type, SLICE("="));
        write_own(checker, key, i);
    }
    bool own = refers_to_unseen(checker->write, key);
    text_add(checker->text, own ? SLICE(" AND (leat_f.") : SLICE(" AND leat_f."));
    text_add(checker->text, reference->tenant->sql);
    sql->sign(checker->text, &reference->tenant->type, SLICE("="));
    binds_add(checker->arena, checker->binds, reference->own);
    sql->bind(checker->text, checker->binds->count, &reference->tenant->type);
    text_add(checker->text, own ? SLICE(") IS NOT TRUE)") : SLICE(")"));
}

/* NULL refers to nothing. */
static void write_reference(struct checker *checker, const struct write_reference *reference)
{
    const struct foreign_key *key = reference->key;
    begin_check(checker);
    for (unsigned i = 0; i < key->count; i++) {
        write_own(checker, key, i);
        text_lit(checker->text, " IS NULL OR ");
    }
    text_add(checker->text, refers_to_unseen(checker->write, key) ? SLICE("NOT ") : SLICE(""));
    write_target(checker, reference);
    end_check(checker, key->name);
}

void write_check(struct write *write, struct text *text, struct arena *arena, struct binds *binds)
{
    PRE(write_checks(write));
    struct checker checker = {write, text, arena, binds};
    const char *between = "";
    if (write->must.count > 0) {
        begin_check(&checker);
        binds_number(arena, binds, &write->must);
        sql_conditions(text, write->listing.build.sql, &write->must, SLICE(""));
        end_check(&checker, SLICE(""));
        between = ",";
    }
    for (unsigned i = 0; i < write->reference_count; i++) {
        if (!is_given(write, &write->references[i]))
            continue;
        text_add(text, slice_str(between));
        write_reference(&checker, &write->references[i]);
        between = ",";
    }
}

/* --- what the client is told --- */

static void blame_row(const struct write *write, struct problem *problem)
{
    struct build build = write->listing.build;
    struct slice cause = problem->cause;
    build.problem = problem;
    refuse(&build, REFUSE_HIDDEN_ROW, SLICE("body"),
           "The row would be none that callers of this role see in `" SLICE_FMT "`; nothing was changed",
           SLICE_ARG(build.resource->config->name.text));
    problem->cause = cause;
}

static void blame_reference(const struct write *write, const struct foreign_key *key, struct problem *problem)
{
    struct arena *arena = write->listing.build.arena;
    struct slice columns = key->table->columns[key->columns[0]].name;
    for (unsigned i = 1; i < key->count; i++)
        columns = arena_format(arena, SLICE_FMT ", " SLICE_FMT, SLICE_ARG(columns),
                               SLICE_ARG(key->table->columns[key->columns[i]].name));
    *problem = (struct problem){
        .status = 409,
        .code = SLICE("foreign-key-violation"),
        .pg_code = SLICE("23503"),
        .constraint = key->name,
        .column = columns,
        .cause = problem->cause,
        .detail =
            arena_format(arena, "There is no row to refer to with this `" SLICE_FMT "` (`" SLICE_FMT "`).",
                         SLICE_ARG(columns), SLICE_ARG(key->name)),
    };
}

/* What stands behind the mark, up to PostgreSQL's closing quote. */
static bool find_refused(struct slice cause, struct slice *ret_what)
{
    const char *at = cause.len ? memmem(cause.data, cause.len, REFUSED.data, REFUSED.len) : NULL;
    if (!at)
        return false;
    *ret_what = slice_skip(cause, (size_t)(at - cause.data) + REFUSED.len);
    ret_what->len -= slice_ends(*ret_what, SLICE("\""));
    return true;
}

void write_checks_blame(const struct write *write, struct problem *problem)
{
    struct slice what;
    bool refused = find_refused(problem->cause, &what);
    if (refused && what.len == 0) {
        blame_row(write, problem);
        return;
    }
    if (!refused && !slice_eq(problem->code, SLICE("foreign-key-violation")))
        return;
    for (unsigned i = 0; i < write->reference_count; i++) {
        const struct foreign_key *key = write->references[i].key;
        if (refused ? slice_eq(key->name, what) : slice_eq(key->name, problem->constraint)) {
            blame_reference(write, key, problem);
            return;
        }
    }
}
