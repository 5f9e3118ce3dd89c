/* SPDX-License-Identifier: Apache-2.0 */
/* One text of texts with their lengths, and numbers. See fingerprint.h. */
#include "request/fingerprint.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/log.h"
#include "request/kept.h"

static void add_number(struct buf *out, uint64_t number)
{
    buf_append(out, (const char *)&number, sizeof number);
}

static void add_text(struct buf *out, struct slice text)
{
    add_number(out, text.data ? text.len : UINT64_MAX);
    buf_add(out, text);
}

/* --- the configuration --- */

static void add_config(struct buf *out, const struct config *config)
{
    config_print_meaning(config, out);
    add_text(out, config->database.url.text);
}

static void add_param(struct buf *out, const struct config_param *param)
{
    add_text(out, param->name.text);
    add_text(out, param->type);
    add_text(out, param->fallback);
    add_number(out, (uint64_t)param->from << 8 | param->optional);
}

static void add_sql(struct buf *out, const struct config_sql *sql)
{
    add_number(out, sql->count);
    for (unsigned i = 0; sql->pieces && i <= sql->count; i++)
        add_text(out, sql->pieces[i]);
    for (unsigned i = 0; i < sql->count; i++)
        add_number(out, sql->params[i]);
}

static void add_query(struct buf *out, const struct config_query *query)
{
    add_text(out, query->path);
    add_number(out, query->param_count);
    for (unsigned i = 0; i < query->param_count; i++)
        add_param(out, &query->params[i]);
    add_sql(out, &query->any);
    add_sql(out, &query->pg);
    add_sql(out, &query->sqlite);
}

/* --- what tells when an answer ends: as the database said when it was asked --- */

static void add_tables(struct buf *out, const struct table *const *tables, unsigned count)
{
    add_number(out, count);
    for (unsigned i = 0; i < count; i++)
        add_text(out, tables[i]->sql);
}

static void add_touched(struct buf *out, const struct named_query *query)
{
    add_number(out, (uint64_t)query->tables_known << 1 | query->tables_untold);
    add_tables(out, query->tables, query->table_count);
}

/* --- the tables --- */

static void add_column(struct buf *out, const struct column *column)
{
    add_text(out, column->name);
    add_text(out, column->type.name);
    add_number(out,
               (uint64_t)column->type.kind << 8 | (unsigned)column->nullable << 1 | column->deterministic);
}

static void add_key(struct buf *out, const struct foreign_key *key)
{
    add_text(out, key->name);
    add_text(out, key->target->sql);
    add_number(out, (uint64_t)key->count << 8 | (unsigned)key->on_delete_acts << 1 | key->on_update_acts);
    for (unsigned i = 0; i < key->count; i++)
        add_number(out, (uint64_t)key->columns[i] << 32 | key->target_columns[i]);
}

static void add_table(struct buf *out, const struct table *table)
{
    add_text(out, table->sql);
    add_number(out, (uint64_t)table->kind << 8 | (unsigned)table->bases_unknown << 1 | table->is_part);
    add_tables(out, table->bases, table->base_count);
    add_number(out, table->column_count);
    for (unsigned i = 0; i < table->column_count; i++)
        add_column(out, &table->columns[i]);
    add_number(out, table->key_count);
    for (unsigned i = 0; i < table->key_count; i++)
        add_number(out, table->key[i]);
    add_number(out, table->foreign_key_count);
    for (unsigned i = 0; i < table->foreign_key_count; i++)
        add_key(out, table->foreign_keys[i]);
}

/* Whoever is first makes it, when it runs: so it is not there for all. Its columns are those of the version. */
static bool is_made_by_leat(const struct config *config, const struct table *table)
{
    return table_is_own(config, table) || slice_eq(table->name, SLICE("leat_audit"));
}

void fingerprint_of(const struct model *model, struct fingerprint *ret_fingerprint)
{
    struct buf out;
    const struct catalog *catalog = model->catalog;
    buf_init(&out, SIZE_MAX / 2);
    add_text(&out, SLICE(LEAT_VERSION));
    add_number(&out, kept_layout());
    add_config(&out, model->config);
    for (unsigned i = 0; i < model->config->query_count; i++)
        add_query(&out, &model->config->queries[i]);
    for (unsigned i = 0; i < model->query_count; i++)
        add_touched(&out, &model->queries[i]);
    add_number(&out, catalog->dialect);
    for (unsigned i = 0; i < catalog->table_count; i++)
        if (!is_made_by_leat(model->config, &catalog->tables[i]))
            add_table(&out, &catalog->tables[i]);
    ret_fingerprint->hex[0] = 0;
    if (out.failed)
        log_event(LOG_WARN, "answers are not shared", LOG_STR("why", "no memory to tell what they hang on"));
    else
        digest_whole(buf_slice(&out), ret_fingerprint->hex);
    buf_done(&out);
}
