/* SPDX-License-Identifier: Apache-2.0 */
/* A loop, an offload pool and a plan for a Redis, real or pretended, and a way to ask and to wait. Failure fails the test. */
#ifndef LEAT_TESTS_REDIS_HARNESS_H
#define LEAT_TESTS_REDIS_HARNESS_H

#include "lib/redis_server.h"
#include "redis/redis.h"

struct harness {
    struct arena arena;
    struct redis_url url;
    struct loop *loop;
    struct offload *offload;
    struct redis_plan *plan;
    struct redis *redis;
};

/* A question and what became of it. Text: "+PONG", "-ERR …", ":1", "$value", "(nil)", "*3", or "lost", "late", "redirected". */
struct question {
    struct redis_command command;
    unsigned ends;
    char text[256];
};

/* Without a client: for those who open links of their own. */
void harness_begin(struct harness *harness, const char *url);
/* With one, which need not be up yet. */
void harness_open(struct harness *harness, const char *url);
void harness_end(struct harness *harness);

/* Turns the loop until it holds, for at most 20 s. */
#define AWAIT(harness, condition) \
    do { \
        struct mono begun_ = clock_mono(); \
        while (!(condition)) { \
            loop_turn((harness)->loop, 5); \
            if (mono_diff_us(clock_mono(), begun_) > 20000000) \
                fail_msg("waited too long for: %s", #condition); \
        } \
    } while (0)

/* Sends "SET key value": words between spaces; the second is the key. */
enum error harness_send(struct harness *harness, struct question *question, const char *words,
                        int64_t deadline_ms);
/* Sends and waits for the end; returns question->text. */
const char *harness_ask(struct harness *harness, struct question *question, const char *words);

#endif
