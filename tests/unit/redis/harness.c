/* SPDX-License-Identifier: Apache-2.0 */
/* See harness.h. */
#include "harness.h"

#include <stdio.h>

void harness_begin(struct harness *harness, const char *url)
{
    char why[256] = "";
    memset(harness, 0, sizeof *harness);
    arena_init(&harness->arena, 4096);
    if (redis_url_parse(&harness->arena, slice_str(url), &harness->url, why) != OK)
        fail_msg("%s: %s", url, why);
    harness->loop = loop_new();
    harness->offload = offload_new(1, 64);
    harness->plan = redis_plan_new(&harness->url, harness->offload, why);
    if (harness->plan == NULL)
        fail_msg("%s: %s", url, why);
}

void harness_open(struct harness *harness, const char *url)
{
    harness_begin(harness, url);
    harness->redis = redis_open(harness->plan, harness->loop);
}

void harness_end(struct harness *harness)
{
    if (harness->redis) {
        redis_close(harness->redis);
        AWAIT(harness, redis_is_quiet(harness->redis));
        redis_free(harness->redis);
    }
    offload_free(harness->offload);
    loop_free(harness->loop);
    redis_plan_free(harness->plan);
    arena_done(&harness->arena);
}

static void write_reply(const struct redis_reply *reply, char text[256])
{
    static const char marks[] = {[REDIS_STATUS] = '+', [REDIS_ERROR] = '-', [REDIS_TEXT] = '$'};
    if (reply->kind == REDIS_NIL)
        snprintf(text, 256, "(nil)");
    else if (reply->kind == REDIS_INTEGER)
        snprintf(text, 256, ":%lld", (long long)reply->integer);
    else if (reply->kind == REDIS_ARRAY)
        snprintf(text, 256, "*%u", reply->count);
    else
        snprintf(text, 256, "%c%.*s", marks[reply->kind],
                 (int)(reply->text.len < 250 ? reply->text.len : 250), reply->text.data);
}

static void on_end(struct redis_command *command, const struct redis_reply *reply)
{
    static const char *const failures[] = {"fine", "lost", "late", "redirected"};
    struct question *question = container_of(command, struct question, command);
    question->ends++;
    if (reply)
        write_reply(reply, question->text);
    else
        snprintf(question->text, sizeof question->text, "%s", failures[command->failure]);
    assert_true((reply != NULL) == (command->failure == REDIS_FINE));
}

enum error harness_send(struct harness *harness, struct question *question, const char *words,
                        int64_t deadline_ms)
{
    struct slice list[16], rest = slice_str(words);
    unsigned count = 0;
    while (rest.len > 0 && count < ARRAY_LEN(list))
        list[count++] = slice_cut(&rest, ' ');
    memset(question, 0, sizeof *question);
    question->command.on_end = on_end;
    return redis_send(harness->redis, &question->command, count > 1 ? list[1] : (struct slice){0}, list,
                      count, deadline_ms);
}

const char *harness_ask(struct harness *harness, struct question *question, const char *words)
{
    AWAIT(harness, redis_is_up(harness->redis));
    assert_int_equal(harness_send(harness, question, words, 5000), OK);
    AWAIT(harness, question->ends > 0);
    return question->text;
}
