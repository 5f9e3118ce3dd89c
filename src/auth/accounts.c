/* SPDX-License-Identifier: Apache-2.0 */
/* The table of users and its SQL. Names come from the catalogue, values are bound. */
#include "auth/accounts.h"

#include "auth/binds.h"

/* --- the table and its columns --- */

struct search {
    const struct model *model;
    struct complaints *complaints;
    const struct table *table;
    bool failed;
};

/* NULL where none was named; a complaint where it is not there. */
static const struct column *column_of(struct search *search, const struct word *word, const char *key)
{
    if (!word->text.data)
        return NULL;
    const struct column *column = table_column(search->table, word->text);
    if (!column) {
        complain(search->complaints, word->at,
                 "`%s`: the table `" SLICE_FMT "` has no column `" SLICE_FMT "`", key,
                 SLICE_ARG(search->table->name), SLICE_ARG(word->text));
        search->failed = true;
    }
    return column;
}

static bool can_tell_when(const struct column *column)
{
    return column->type.kind == VALUE_TIMESTAMP || column->type.kind == VALUE_TIMESTAMPTZ ||
           column->type.kind == VALUE_DATE || column->type.kind == VALUE_TEXT;
}

/* Of two users of one account neither could log in. */
static bool is_unique(const struct table *table, const struct column *column)
{
    for (unsigned i = 0; i < table->index_count; i++) {
        const struct index *index = &table->indexes[i];
        if (index->unique && !index->partial && index->count == 1 && index->columns[0] == column->position)
            return true;
    }
    return table->key_count == 1 && table->key[0] == column->position;
}

static void find_columns(struct search *search, struct accounts *accounts)
{
    const struct config_auth *auth = &search->model->config->auth;
    accounts->account = column_of(search, &auth->login.account, "account");
    accounts->password = column_of(search, &auth->login.password, "password");
    accounts->user = column_of(search, &auth->claims.user, "user");
    accounts->tenant = column_of(search, &auth->claims.tenant, "tenant");
    accounts->role = column_of(search, &auth->claims.role, "role");
    accounts->seen = column_of(search, &auth->login.seen, "seen");
    if (accounts->seen && !can_tell_when(accounts->seen)) {
        complain(search->complaints, auth->login.seen.at, "`seen`: expected a timestamp, found " SLICE_FMT,
                 SLICE_ARG(accounts->seen->type.name));
        search->failed = true;
    }
    if (accounts->account && !is_unique(search->table, accounts->account))
        complain_softly(search->complaints, auth->login.account.at,
                        "`account`: `" SLICE_FMT "` is not unique: who shares it with another cannot log in",
                        SLICE_ARG(accounts->account->name));
}

/* --- SQL --- */

/* Users that a resource marks as deleted are none. */
static struct slice not_deleted(const struct model *model, const struct table *table, struct arena *arena)
{
    for (unsigned i = 0; i < model->resource_count; i++) {
        const struct column *deleted = model->resources[i].deleted;
        if (model->resources[i].table != table || !deleted)
            continue;
        if (deleted->type.kind == VALUE_BOOL)
            return arena_format(arena, " AND NOT coalesce(" SLICE_FMT ", false)", SLICE_ARG(deleted->sql));
        return arena_format(arena, " AND " SLICE_FMT " IS NULL", SLICE_ARG(deleted->sql));
    }
    return SLICE("");
}

static struct slice or_null(const struct column *column)
{
    return column ? column->sql : SLICE("NULL");
}

static void write_statements(const struct model *model, struct arena *arena, struct accounts *accounts)
{
    const struct table *table = accounts->table;
    const char *bind = model->catalog->dialect == DIALECT_PG ? "$" : "?";
    struct slice users = table->sql, hash = accounts->password->sql, user = accounts->user->sql,
                 living = not_deleted(model, table, arena);
    accounts->find = arena_format(arena,
                                  "SELECT " SLICE_FMT ", " SLICE_FMT ", " SLICE_FMT ", " SLICE_FMT
                                  " FROM " SLICE_FMT " WHERE " SLICE_FMT " = %s1" SLICE_FMT " LIMIT 2",
                                  SLICE_ARG(user), SLICE_ARG(or_null(accounts->tenant)),
                                  SLICE_ARG(or_null(accounts->role)), SLICE_ARG(hash), SLICE_ARG(users),
                                  SLICE_ARG(accounts->account->sql), bind, SLICE_ARG(living));
    accounts->rehash =
        arena_format(arena,
                     "UPDATE " SLICE_FMT " SET " SLICE_FMT " = %s1 WHERE " SLICE_FMT " = %s2 AND " SLICE_FMT
                     " = %s3",
                     SLICE_ARG(users), SLICE_ARG(hash), bind, SLICE_ARG(user), bind, SLICE_ARG(hash), bind);
    if (accounts->seen)
        accounts->see =
            arena_format(arena, "UPDATE " SLICE_FMT " SET " SLICE_FMT " = %s1 WHERE " SLICE_FMT " = %s2",
                         SLICE_ARG(users), SLICE_ARG(accounts->seen->sql), bind, SLICE_ARG(user), bind);
}

enum error accounts_find_table(const struct model *model, struct arena *arena, struct complaints *complaints,
                               struct accounts *ret_accounts)
{
    const struct word *name = &model->config->auth.login.table;
    struct accounts accounts = {0};
    bool many = false;
    PRE(name->text.data != NULL);
    accounts.table = catalog_find(model->catalog, name->text, &many);
    if (!accounts.table) {
        complain(complaints, name->at, "`login`: the database has %s table `" SLICE_FMT "`%s",
                 many ? "more than one" : "no", SLICE_ARG(name->text), many ? ": name its schema too" : "");
        return ERR_INVALID;
    }
    struct search search = {.model = model, .complaints = complaints, .table = accounts.table};
    find_columns(&search, &accounts);
    if (search.failed)
        return ERR_INVALID;
    write_statements(model, arena, &accounts);
    *ret_accounts = accounts;
    return OK;
}

/* --- statements --- */

struct statement accounts_find(const struct accounts *accounts, struct arena *arena, struct slice account)
{
    struct binds binds = {0};
    PRE(accounts->table != NULL);
    binds_text(&binds, arena, account);
    return binds_statement(arena, accounts->find, &binds);
}

struct statement accounts_rehash(const struct accounts *accounts, struct arena *arena, struct slice user,
                                 struct slice old_hash, struct slice new_hash)
{
    struct binds binds = {0};
    binds_text(&binds, arena, new_hash);
    binds_text(&binds, arena, user);
    binds_text(&binds, arena, old_hash);
    return binds_statement(arena, accounts->rehash, &binds);
}

struct statement accounts_see(const struct accounts *accounts, struct arena *arena, struct slice user,
                              struct wall when)
{
    struct binds binds = {0};
    char text[28];
    PRE(accounts->seen != NULL);
    wall_format(when, text);
    binds_text(&binds, arena, slice_str(text));
    binds_text(&binds, arena, user);
    return binds_statement(arena, accounts->see, &binds);
}

struct statement accounts_add(const struct accounts *accounts, enum dialect dialect, struct arena *arena,
                              struct slice account, struct slice hash, struct slice tenant, struct slice role)
{
    const struct column *columns[] = {accounts->account, accounts->password, accounts->tenant,
                                      accounts->role};
    const struct slice values[] = {account, hash, tenant, role};
    struct slice names = SLICE(""), marks = SLICE("");
    struct binds binds = {0};
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (!columns[i] || !values[i].data)
            continue;
        binds_text(&binds, arena, values[i]);
        const char *comma = binds.count > 1 ? ", " : "";
        names = arena_format(arena, SLICE_FMT "%s" SLICE_FMT, SLICE_ARG(names), comma,
                             SLICE_ARG(columns[i]->sql));
        marks = arena_format(arena, SLICE_FMT "%s%s%u", SLICE_ARG(marks), comma,
                             dialect == DIALECT_PG ? "$" : "?", binds.count);
    }
    struct slice sql = arena_format(arena, "INSERT INTO " SLICE_FMT " (" SLICE_FMT ") VALUES (" SLICE_FMT ")",
                                    SLICE_ARG(accounts->table->sql), SLICE_ARG(names), SLICE_ARG(marks));
    return binds_statement(arena, sql, &binds);
}
