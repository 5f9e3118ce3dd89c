/* SPDX-License-Identifier: Apache-2.0 */
/* `leat init URL [-o FILE]`: asks the database for its tables and writes a configuration to start from, which serves what
 * `leat serve URL` would. A URL with a password is not written: the file asks the environment for DATABASE_URL.
 * Exit codes: 0 written, 1 the database could not be asked or the file not be written, 2 wrong usage, or no such database. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "cli/settings.h"

enum { WRITTEN_BYTES_MAX = 16 * 1024 * 1024 };

/* `database:`, so that it works from where the file will lie. */
static void write_database(struct buf *out, const struct config *config, const char *file)
{
    struct arena arena;
    arena_init(&arena, PATH_MAX);
    struct slice url = config->database.url.text, path = slice_skip(url, strlen("sqlite:"));
    char real[PATH_MAX];
    bool elsewhere = file && strchr(file, '/') && slice_starts(url, SLICE("sqlite:"));
    if (elsewhere && realpath(arena_copy(&arena, path).data, real))
        url = arena_format(&arena, "sqlite:%s", real);
    bool secret = !slice_eq(config_url_masked(&arena, url), url);
    buf_lit(out, "database: ");
    if (secret)
        buf_lit(out, "${DATABASE_URL} # the URL has a password, which does not belong into a file");
    else if (memchr(url.data, '}', url.len) || memchr(url.data, '#', url.len) ||
             memchr(url.data, ' ', url.len))
        config_print_text(out, url);
    else
        buf_format(out, "${DATABASE_URL:-" SLICE_FMT "}", SLICE_ARG(url));
    buf_lit(out, "\n");
    arena_done(&arena);
}

static void write_head(struct buf *out, const struct config *config, const char *file)
{
    buf_lit(
        out,
        "# Written by `leat init`: everyone on this machine may read these tables. `leat check` tells what is in effect.\n"
        "leat: 1\n"
        "listen: 127.0.0.1:8080\n");
    write_database(out, config, file);
    buf_lit(out, "\n"
                 "# `write: anonymous` lets them insert, change and delete rows, too.\n"
                 "defaults: {read: anonymous, write: none, page: {size: 100, max: 1000}}\n"
                 "\n"
                 "resources:");
}

/* What a reader of the file should know of a table. */
static const char *remark_of(const struct config_resource *resource, const struct table *table)
{
    if (table->key_count == 0 && table->kind == TABLE_VIEW)
        return " # a view: for pages and /{id} name its unique columns by `key:`";
    if (table->key_count == 0)
        return " # no primary key: for pages and /{id} name unique columns by `key:`";
    return resource->columns.text.data ? " # hidden: what looks like a secret" : "";
}

static void write_resource(struct buf *out, const struct catalog *catalog,
                           const struct config_resource *resource)
{
    bool many;
    const struct table *table = catalog_find(catalog, resource->table.text, &many);
    PRE(table);
    bool renamed = catalog_find(catalog, resource->name.text, &many) != table;
    buf_lit(out, "\n  ");
    config_print_text(out, resource->name.text);
    buf_lit(out, ": {");
    if (renamed) {
        buf_lit(out, "table: ");
        config_print_text(out, resource->table.text);
    }
    if (resource->columns.text.data) {
        buf_format(out, "%scolumns: ", renamed ? ", " : "");
        config_print_text(out, resource->columns.text);
    }
    buf_format(out, "}%s", remark_of(resource, table));
}

static void write_config(struct buf *out, struct config *config, const struct catalog *catalog,
                         const char *file)
{
    model_open_resources(config, catalog);
    write_head(out, config, file);
    for (unsigned i = 0; i < config->resource_count; i++)
        write_resource(out, catalog, &config->resources[i]);
    buf_add(out, config->resource_count ? SLICE("\n") : SLICE(" {}\n"));
}

/* Why a new file cannot be made, and what to do about it. */
static void say_not_made(const char *file, int failed)
{
    static const struct {
        int failed;
        const char *words;
    } known[] = {
        {EEXIST, "is there already, and `leat init` overwrites nothing: delete it, or"},
        {ENOENT, "its folder does not exist: make it, or"},
        {ENOTDIR, "its folder is no folder but a file:"},
        {EISDIR, "is a folder:"},
        {EACCES, "you have no right to write there: get it, or"},
        {EPERM, "you have no right to write there: get it, or"},
        {EROFS, "nothing can be written there, it is read-only:"},
        {ENOSPC, "there is no room left: make some, or"},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i].failed == failed) {
            fprintf(stderr, "%s: %s name another file by `-o`\n", file, known[i].words);
            return;
        }
    fprintf(stderr, "%s: it cannot be made: %s: name another file by `-o`\n", file, strerror(failed));
}

static bool write_whole(int fd, const struct buf *text, const char *called)
{
    ssize_t written = write(fd, text->data, text->len);
    if (written < (ssize_t)text->len)
        fprintf(stderr, "%s: %s\n", called, written < 0 ? strerror(errno) : "not all of it could be written");
    return written == (ssize_t)text->len;
}

/* Whole or not at all, and never over a file that is there. */
static int save(const struct buf *text, const char *file)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        say_not_made(file, errno);
        return CLI_FAILED;
    }
    bool good = write_whole(fd, text, file);
    if (close(fd) != 0 && good) {
        fprintf(stderr, "%s: %s\n", file, strerror(errno));
        good = false;
    }
    if (good)
        printf("%s is written; `leat serve -c %s` serves it\n", file, file);
    else
        unlink(file);
    return good ? CLI_DONE : CLI_FAILED;
}

static int init_from(struct config *config, const char *file)
{
    struct database database = {0};
    struct catalog *catalog = NULL;
    enum error error = database_open(&database, config, &catalog);
    int code = error == ERR_INVALID ? CLI_USAGE : CLI_FAILED;
    if (!error) {
        struct buf text;
        buf_init(&text, WRITTEN_BYTES_MAX);
        write_config(&text, config, catalog, file);
        if (file)
            code = save(&text, file);
        else
            code = write_whole(STDOUT_FILENO, &text, "standard output") ? CLI_DONE : CLI_FAILED;
        buf_done(&text);
    }
    catalog_free(catalog);
    database_close(&database);
    return code;
}

static int run_init(const struct invocation *invocation)
{
    if (invocation->operand_count == 0)
        return usage_error(invocation->command, "name a database, such as `leat init sqlite:data.db`");
    struct arena arena;
    arena_init(&arena, 4096);
    struct complaints complaints = {.arena = &arena};
    struct config *config = NULL;
    enum error error = config_without_file(invocation->operands[0], NULL, 0, &complaints, &config);
    complaints_print(&complaints, STDERR_FILENO);
    int code = error ? CLI_USAGE : init_from(config, invocation_value(invocation, "--output"));
    config_free(config);
    arena_done(&arena);
    return code;
}

static const struct option options[] = {{"--output", "-o", "FILE",
                                         "where to write; without it to standard output"},
                                        {0}};

const struct command command_init = {
    .name = "init",
    .summary = "write a configuration for a database as it is",
    .usage = "URL [-o FILE]",
    .options = options,
    .operands_max = 1,
    .run = run_init,
};
