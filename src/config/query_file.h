/* SPDX-License-Identifier: Apache-2.0 */
/* Named queries: an .sql file is a head (YAML in its first comment) and one statement that reads.
 *
 *   (comment) leat               the head: section_query of tables.c
 *   params: {top: int = 10}      query_params.c: `type[?] [= default] [in [a, b] | in 1..100]`
 *   (end of comment)
 *   SELECT … LIMIT :top          sql_cut.c: cut at the `:name`s
 *
 * Failure: complaints with the place in the .sql file. Pure but for queries.c, which reads folders and files. */
#ifndef LEAT_CONFIG_QUERY_FILE_H
#define LEAT_CONFIG_QUERY_FILE_H

#include "config/walk.h"

enum { SQL_BYTES_MAX = 256 * 1024, PARAMS_MAX = 200 };

/* Which store a file is for: x.sql, x.pg.sql, x.sqlite.sql. */
enum sql_variant { SQL_ANY, SQL_PG, SQL_SQLITE };

struct sql_source {
    const char *name; /* in complaints */
    struct slice bytes;
    enum sql_variant variant;
};

/* The place behind `bytes` that begin at `at`. Columns count letters, not bytes. */
struct place place_after(struct place at, struct slice bytes);

/* Reads one file of a query. The first file's head fills the query; a later one's must be the same or absent. */
void query_file_read(struct walk *walk, struct sql_source source, struct config_query *query,
                     struct slice *head);
/* What can be said once all files of the query are read. */
void query_complete(struct walk *walk, struct config_query *query);

/* Cuts a statement at its parameters. */
void sql_cut(struct walk *walk, struct sql_source sql, struct place start, struct config_query *query,
             struct config_sql *ret_sql);

/* The types a parameter may have, ended by NULL. */
extern const char *const param_type_names[];
/* A name that is Leat's own to fill, and cannot be declared: user, tenant, role, now. */
bool param_is_builtin(struct slice name);
/* The parameter that the caller fills in, `:tenant` for one, added when it is met first. False: the name is none such. */
bool param_of_caller(struct walk *walk, struct config_query *query, struct word name, unsigned *ret_at);

#endif
