/* SPDX-License-Identifier: Apache-2.0 */
/* `leat cache get|set|delete|stats`: values that programs keep in a running Leat (doc/cache.md). As whom: --token, else the
 * environment's LEAT_TOKEN, else nobody. Exit codes: 0 done; 1 refused, not there, or nobody answers; 2 wrong usage. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/ask.h"
#include "http/path.h"

enum { CACHE_ANSWER_BYTES_MAX = 2 << 20, CACHE_QUESTION_BYTES_MAX = 16 * 1024 };

static const char default_path[] = "/api/v1/cache";

/* `?a=b&c=d` of the options that were given. */
static void add_options(struct buf *path, const struct invocation *invocation, const char *const names[])
{
    char separator = '?';
    for (; *names; names++) {
        const char *value = invocation_value(invocation, *names);
        if (!value)
            continue;
        buf_byte(path, separator);
        buf_format(path, "%s=", *names + 2);
        http_encode(path, slice_str(value));
        separator = '&';
    }
}

static void add_name(struct buf *path, const char *name)
{
    buf_byte(path, '/');
    http_encode(path, slice_str(name));
}

/* The detail of a problem, or the whole of what is none. */
static int tell_problem(const struct command *command, int status, struct slice body)
{
    static const char key[] = "\"detail\":\"";
    const char *at = strstr(body.data, key), *end = at ? strchr(at + strlen(key), '"') : NULL;
    struct slice detail =
        end ? slice_of(at + strlen(key), (size_t)(end - at) - strlen(key)) : slice_trim(body);
    fprintf(stderr, "leat %s: %d: " SLICE_FMT "\n", command->name, status, SLICE_ARG(detail));
    return CLI_FAILED;
}

static int send_question(const struct invocation *invocation, const struct ask_target *target,
                         const struct ask_question *question)
{
    struct buf answer;
    struct slice body;
    int status;
    buf_init(&answer, CACHE_ANSWER_BYTES_MAX);
    int code = ask_more(invocation->command, target, question, &answer, &status, &body);
    if (code == CLI_DONE && status >= 300)
        code = tell_problem(invocation->command, status, body);
    else if (code == CLI_DONE && body.len > 0)
        (void)fwrite(body.data, 1, body.len, stdout);
    buf_done(&answer);
    return code;
}

/* The value named, else all of standard input. */
static bool read_value(const struct invocation *invocation, struct buf *value)
{
    char piece[16384];
    size_t got;
    buf_init(value, CACHE_ANSWER_BYTES_MAX);
    if (invocation->operand_count > 2) {
        buf_add(value, slice_str(invocation->operands[2]));
        return true;
    }
    while ((got = fread(piece, 1, sizeof piece, stdin)) > 0)
        buf_append(value, piece, got);
    return !value->failed;
}

/* Method, path and parameters. False: a sentence was written. */
static bool read_question(const struct invocation *invocation, struct buf *path, const char **ret_method)
{
    static const char *const of_set[] = {"--ttl", "--tags", "--user", NULL};
    static const char *const of_delete[] = {"--tag", "--user", "--pattern", NULL};
    const char *what = invocation->operand_count ? invocation->operands[0] : "";
    const char *name = invocation->operand_count > 1 ? invocation->operands[1] : NULL;
    bool get = strcmp(what, "get") == 0, set = strcmp(what, "set") == 0, delete = strcmp(what, "delete") == 0;
    if (!get && !set && !delete &&strcmp(what, "stats") != 0) {
        usage_error(invocation->command, "`%s`: expected get, set, delete or stats", what);
        return false;
    }
    if ((get || set) && !name) {
        usage_error(invocation->command, "`%s` needs the name of a value", what);
        return false;
    }
    if (name)
        add_name(path, name);
    else if (delete)
        add_options(path, invocation, of_delete);
    if (set)
        add_options(path, invocation, of_set);
    *ret_method = set ? "PUT" : delete ? "DELETE" : "GET";
    return true;
}

static int ask_cache(const struct invocation *invocation, const struct ask_target *target, struct buf *path,
                     const char *headers)
{
    struct ask_question question = {.headers = headers};
    struct buf value = {0};
    if (!read_question(invocation, path, &question.method))
        return CLI_USAGE;
    buf_byte(path, 0);
    if (strcmp(question.method, "PUT") == 0) {
        if (!read_value(invocation, &value)) {
            buf_done(&value);
            return usage_error(invocation->command, "the value is too large");
        }
        question.body = slice_of(value.data ? value.data : "", value.len);
    }
    question.path = path->data;
    int code = path->failed ? usage_error(invocation->command, "the name is too long")
                            : send_question(invocation, target, &question);
    buf_done(&value);
    return code;
}

static int run_cache(const struct invocation *invocation)
{
    struct ask_target target;
    struct buf path, headers;
    if (!ask_target_of_invocation(invocation, default_path, &target))
        return CLI_USAGE;
    buf_init(&path, CACHE_QUESTION_BYTES_MAX);
    buf_init(&headers, CACHE_QUESTION_BYTES_MAX);
    buf_add(&path, slice_str(target.path));
    ask_credential(invocation, &headers);
    int code = ask_cache(invocation, &target, &path, headers.data);
    buf_done(&path);
    buf_done(&headers);
    return code;
}

static const struct option options[] = {
    {"--ttl", NULL, "TIME", "of set: how long it is kept, such as `5m`"},
    {"--tags", NULL, "A,B", "of set: tags, by which it can be deleted"},
    {"--user", NULL, "ID", "of set: whose it is; of delete: all of that user's"},
    {"--tag", NULL, "TAG", "of delete: all that have it"},
    {"--pattern", NULL, "PATTERN", "of delete: all whose names match, such as `user:*`"},
    OPTION_URL,
    OPTION_TOKEN,
    OPTION_CONFIG,
    {0},
};

const struct command command_cache = {
    .name = "cache",
    .summary = "get, set and delete values that programs keep in a running Leat",
    .usage = "get NAME | set NAME [VALUE] | delete NAME | delete --tag TAG | stats",
    .options = options,
    .operands_max = 3,
    .run = run_cache,
};
