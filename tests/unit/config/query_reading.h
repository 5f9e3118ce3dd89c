/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of named queries share: one .sql file from a text. */
#ifndef LEAT_TESTS_CONFIG_QUERY_READING_H
#define LEAT_TESTS_CONFIG_QUERY_READING_H

#include "reading.h"

#include "config/query_file.h"

struct query_reading {
    struct arena arena;
    struct complaints complaints;
    struct config config;
    struct config_query query;
};

static inline struct query_reading *query_new(void)
{
    struct query_reading *reading = test_calloc(1, sizeof *reading);
    arena_init(&reading->arena, 4096);
    reading->complaints.arena = &reading->arena;
    reading->config.page = (struct page_policy){.size = 100, .max = 1000};
    reading->query = (struct config_query){.path = SLICE("folder/name"), .page = reading->config.page};
    return reading;
}

static inline void query_free(struct query_reading *reading)
{
    arena_done(&reading->arena);
    test_free(reading);
}

static inline struct query_reading *read_variant(const char *text, enum sql_variant variant)
{
    struct query_reading *reading = query_new();
    struct walk walk = {.arena = &reading->arena,
                        .complaints = &reading->complaints,
                        .config = &reading->config};
    struct slice head = {0};
    query_file_read(&walk, (struct sql_source){"q.sql", slice_str(text), variant}, &reading->query, &head);
    query_complete(&walk, &reading->query);
    complaints_sort(&reading->complaints);
    return reading;
}

/* The statement with its parameters as {index}. */
static inline const char *cut_text(const struct config_sql *sql, char space[2000])
{
    size_t len = 0;
    for (unsigned i = 0; i < sql->count; i++)
        len += (size_t)snprintf(space + len, 2000 - len, SLICE_FMT "{%u}", SLICE_ARG(sql->pieces[i]),
                                sql->params[i]);
    snprintf(space + len, 2000 - len, SLICE_FMT, SLICE_ARG(sql->pieces[sql->count]));
    return space;
}

#endif
