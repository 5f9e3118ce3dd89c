/* SPDX-License-Identifier: Apache-2.0 */
/* `leat warm`: asks a running Leat for paths, so that their answers are kept: those named, else those of `cache.warm`. As whom: --token,
 * else the environment's LEAT_TOKEN, else nobody. Progress on standard error where that is a terminal.
 * Exit codes: 0 all were answered, 1 some were not; 2 wrong usage or configuration. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ask.h"

enum { WARM_ANSWER_BYTES_MAX = 64 << 20, WARM_RATE_MAX = 10000, BAR = 30 };

struct warming {
    const struct invocation *invocation;
    struct ask_target target;
    struct buf headers;
    int64_t rate; /* a second */
    unsigned count, asked, failed;
    struct mono began;
};

static void show_progress(const struct warming *warming, bool last)
{
    unsigned done = warming->count ? BAR * warming->asked / warming->count : BAR;
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r[%.*s%.*s] %u/%u%s", (int)done, "##############################", BAR - (int)done,
            "..............................", warming->asked, warming->count, last ? "\n" : "");
}

/* So that no more than `rate` a second go out. */
static void keep_pace(const struct warming *warming)
{
    int64_t due_us = (int64_t)warming->asked * 1000000 / warming->rate;
    int64_t early_us = due_us - mono_diff_us(clock_mono(), warming->began);
    struct timespec pause = {.tv_sec = early_us / 1000000, .tv_nsec = early_us % 1000000 * 1000};
    if (early_us > 0)
        (void)nanosleep(&pause, NULL);
}

/* Below the first plain prefix, or whole. */
static struct slice whole_path(const struct config *config, struct slice path, struct arena *arena)
{
    struct slice prefix = SLICE("/api");
    for (unsigned i = config ? config->serve_count : 0; i > 0; i--)
        if (config->serve[i - 1].manner == MANNER_PLAIN)
            prefix = config->serve[i - 1].prefix;
    if (slice_starts(path, SLICE("/")))
        return arena_format(arena, SLICE_FMT, SLICE_ARG(path));
    return arena_format(arena, SLICE_FMT "/" SLICE_FMT, SLICE_ARG(prefix), SLICE_ARG(path));
}

static void warm_one(struct warming *warming, const struct config *config, struct slice path,
                     struct arena *arena)
{
    struct ask_question question = {.method = "GET",
                                    .path = whole_path(config, path, arena).data,
                                    .headers = warming->headers.data};
    struct buf answer;
    struct slice body;
    int status = 0;
    buf_init(&answer, WARM_ANSWER_BYTES_MAX);
    keep_pace(warming);
    int code = ask_more(warming->invocation->command, &warming->target, &question, &answer, &status, &body);
    bool good = code == CLI_DONE && status < 300;
    if (code == CLI_DONE && !good)
        fprintf(stderr, "leat warm: %s: %d\n", question.path, status);
    warming->failed += !good;
    warming->asked++;
    show_progress(warming, warming->asked == warming->count);
    buf_done(&answer);
}

static int warm_all(struct warming *warming, const struct config *config, struct arena *arena)
{
    const struct invocation *invocation = warming->invocation;
    bool named = invocation->operand_count > 0;
    warming->count = named ? invocation->operand_count : config ? config->cache.warm.count : 0;
    if (warming->count == 0)
        return usage_error(invocation->command,
                           "name paths, or list them in the configuration's `cache.warm`");
    for (unsigned i = 0; i < warming->count; i++)
        warm_one(warming, config, named ? slice_str(invocation->operands[i]) : config->cache.warm.paths[i],
                 arena);
    printf("%u of %u answered\n", warming->asked - warming->failed, warming->asked);
    return warming->failed ? CLI_FAILED : CLI_DONE;
}

static bool read_rate(const struct invocation *invocation, int64_t *ret_rate)
{
    const char *text = invocation_value(invocation, "--rate");
    *ret_rate = 50;
    if (!text || (slice_to_int(slice_str(text), ret_rate) && *ret_rate > 0 && *ret_rate <= WARM_RATE_MAX))
        return true;
    usage_error(invocation->command, "`--rate %s`: expected a number of questions a second, 1 to %d", text,
                WARM_RATE_MAX);
    return false;
}

static int run_warm(const struct invocation *invocation)
{
    struct warming warming = {.invocation = invocation, .began = clock_mono()};
    struct config *config = NULL;
    struct arena arena;
    bool lists = invocation->operand_count == 0 || invocation_value(invocation, "--config");
    if (!read_rate(invocation, &warming.rate) || !ask_target_of_invocation(invocation, "/", &warming.target))
        return CLI_USAGE;
    arena_init(&arena, 4096);
    struct complaints complaints = {.arena = &arena};
    int code = CLI_USAGE;
    buf_init(&warming.headers, 16 * 1024);
    ask_credential(invocation, &warming.headers);
    if (lists && config_load(settings_file(invocation), NULL, 0, &complaints, &config) != OK)
        complaints_print(&complaints, STDERR_FILENO);
    else
        code = warm_all(&warming, config, &arena);
    config_free(config);
    buf_done(&warming.headers);
    arena_done(&arena);
    return code;
}

static const struct option options[] = {
    {"--rate", NULL, "N", "so many questions a second; without it 50"},
    OPTION_URL,
    OPTION_TOKEN,
    OPTION_CONFIG,
    {0},
};

const struct command command_warm = {
    .name = "warm",
    .summary = "ask a running Leat for paths, so that their answers are kept",
    .usage = "[PATH]… [--rate N] [--url URL | -c FILE]",
    .options = options,
    .operands_max = OPERANDS_MAX,
    .run = run_warm,
};
