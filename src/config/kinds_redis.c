/* SPDX-License-Identifier: Apache-2.0 */
/* The URL of Redis as a key: nothing is no Redis, so that `redis: ${REDIS_URL:-}` can stand in every file. Files that the URL names begin
 * at the configuration's folder, unless the command line gave them. Printed without its password. See walk.h, redis.h. */
#include "config/walk.h"

static void find_file(struct walk *walk, const struct node *node, struct slice *path)
{
    if (path->data != NULL && path->data[0] != '/' && node->at.line)
        *path = arena_copy(walk->arena, walk_path(walk, *path));
}

static void read_redis(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_redis *redis = field;
    char why[256] = "";
    *redis = (struct config_redis){0};
    if (node_is_nothing(node) || (node->kind == NODE_TEXT && node->text.len == 0))
        return;
    if (node->kind != NODE_TEXT) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    if (redis_url_parse(walk->arena, node->text, &redis->url, why) != OK) {
        complain(walk->complaints, node->at, "`%s`: %s", key->name, why);
        return;
    }
    redis->text = node->text;
    redis->at = node->at;
    find_file(walk, node, &redis->url.cacert);
    find_file(walk, node, &redis->url.cert);
    find_file(walk, node, &redis->url.key);
}

static void print_redis(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_redis *redis = field;
    if (redis->text.data == NULL)
        return;
    struct arena arena;
    arena_init(&arena, 1024);
    print_name(printer, key->name);
    buf_byte(printer->out, ' ');
    config_print_text(printer->out, config_url_masked(&arena, redis->text));
    buf_byte(printer->out, '\n');
    arena_done(&arena);
}

const struct kind kind_redis = {.expected = "a URL such as `redis://127.0.0.1:6379`, or nothing",
                                .read = read_redis,
                                .print = print_redis};
