/* SPDX-License-Identifier: Apache-2.0 */
/* .sql files from any bytes; the first byte chooses the variant. What must hold: a statement is there if and only if nothing is
 * refused of it; its pieces and the names between them are one stretch of the file. */
#include "config/query_file.h"

static void check_stretch(const struct config_query *query, const struct config_sql *sql)
{
    const char *at = sql->pieces[0].data;
    for (unsigned i = 0; i < sql->count; i++) {
        POST(sql->params[i] < query->param_count);
        struct slice name = query->params[sql->params[i]].name.text;
        POST(sql->pieces[i].data == at);
        at += sql->pieces[i].len;
        POST(*at == ':' && slice_eq(slice_of(at + 1, name.len), name));
        at += 1 + name.len;
    }
    POST(sql->pieces[sql->count].data == at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > SQL_BYTES_MAX)
        return 0;
    struct arena arena;
    arena_init(&arena, 4096);
    struct complaints complaints = {.arena = &arena};
    struct config config = {.page = {.size = 100, .max = 1000}};
    struct config_query query = {.path = SLICE("fuzz/name"), .page = config.page};
    struct walk walk = {.arena = &arena, .complaints = &complaints, .config = &config};
    enum sql_variant variant = (enum sql_variant)(data[0] % 3);
    struct slice head = {0}, bytes = arena_copy(&arena, slice_of((const char *)data + 1, size - 1));
    query_file_read(&walk, (struct sql_source){"q.sql", bytes, variant}, &query, &head);
    query_complete(&walk, &query);
    const struct config_sql *const files[] = {&query.any, &query.pg, &query.sqlite};
    if (complaints_errors(&complaints) == 0)
        POST(files[variant]->pieces);
    if (files[variant]->pieces)
        check_stretch(&query, files[variant]);
    arena_done(&arena);
    return 0;
}
