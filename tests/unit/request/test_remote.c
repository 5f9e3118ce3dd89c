/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of Redis, two of them: as two processes that share one. */
#include "lib/redis_server.h"

#include <time.h>

#include "limit/limiter.h"
#include "request/remote.h"

enum { TAG = 7 };

struct process {
    struct arena arena;
    struct config_redis config;
    struct offload *offload;
    struct tags *tags;
    struct limiter *limiter;
    struct remote *remote;
};

static void process_begin(struct process *process, const char *url)
{
    char why[256] = "";
    arena_init(&process->arena, 1024);
    process->config.text = slice_str(url);
    assert_int_equal(redis_url_parse(&process->arena, process->config.text, &process->config.url, why), OK);
    process->offload = offload_new(1, 16);
    process->tags = tags_new();
    process->limiter = limiter_new(&(struct limiter_options){.keys_max = 1000, .seed = 1});
    process->remote = remote_start(&process->config, process->offload, process->tags, process->limiter, why);
    assert_non_null(process->remote);
}

static void process_end(struct process *process)
{
    remote_stop(process->remote);
    offload_free(process->offload);
    tags_free(process->tags);
    limiter_free(process->limiter);
    arena_done(&process->arena);
}

#define AWAIT(condition) \
    do { \
        struct mono begun_ = clock_mono(); \
        while (!(condition)) { \
            nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); \
            if (mono_diff_us(clock_mono(), begun_) > 20000000) \
                fail_msg("waited too long for: %s", #condition); \
        } \
    } while (0)

static bool hears(struct process *process)
{
    struct remote_state state;
    remote_state(process->remote, &state);
    return state.up && state.trusted;
}

static void what_one_tells_is_stale_in_the_other(void **state)
{
    (void)state;
    struct redis_server *server = redis_server_start("plain");
    struct process a = {0}, b = {0};
    process_begin(&a, redis_server_url(server));
    process_begin(&b, redis_server_url(server));
    AWAIT(hears(&a) && hears(&b));
    AWAIT(redis_bumps_counters(remote_bumps(b.remote))->heard > 1);
    struct tag_seen seen = tags_now(b.tags, TAG), other = tags_now(b.tags, TAG + 1);
    remote_tell(a.remote, TAG);
    AWAIT(!tags_same(b.tags, &seen, 1));
    assert_true(tags_same(b.tags, &other, 1));
    remote_tell_all(a.remote);
    AWAIT(!tags_same(b.tags, &other, 1));
    seen = tags_now(b.tags, TAG);
    redis_server_tell(server, "kill");
    AWAIT(!tags_same(b.tags, &seen, 1) && !hears(&b));
    process_end(&a);
    process_end(&b);
    redis_server_stop(server);
}

static void its_counters_are_on_the_page_of_metrics(void **state)
{
    (void)state;
    struct process process = {0};
    struct buf out;
    buf_init(&out, 1 << 16);
    process_begin(&process, "redis://localhost:1");
    struct metrics_page page = {.out = &out};
    remote_metrics(process.remote, &page);
    remote_metrics(NULL, &page);
    buf_byte(&out, '\0');
    assert_false(out.failed);
    static const char *const samples[] = {"leat_redis_up 0\n", "leat_redis_hears 0\n",
                                          "leat_redis_commands_total 0\n",
                                          "leat_redis_failures_total{why=\"late\"} 0\n",
                                          "leat_redis_stale_all_total{why=\"silence\"} 0\n"};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (strstr(out.data, samples[i]) == NULL)
            fail_msg("%s is not in %s", samples[i], out.data);
    buf_done(&out);
    process_end(&process); /* maybe while its name is looked up */
}

static void no_redis_is_told_nothing(void **state)
{
    (void)state;
    remote_tell(NULL, TAG);
    remote_tell_all(NULL);
    remote_stop(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_one_tells_is_stale_in_the_other),
    cmocka_unit_test(its_counters_are_on_the_page_of_metrics),
    cmocka_unit_test(no_redis_is_told_nothing),
};

UNIT_TEST_MAIN(tests)
