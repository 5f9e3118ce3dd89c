/* SPDX-License-Identifier: Apache-2.0 */
/* `leat health`: asks a running Leat whether it is ready, for probes and scripts. Prints what it answered. Exit codes: 0 ready,
 * 1 not ready, not there, or silent for ASK_SECONDS_MAX; 2 wrong usage or configuration.
 * Whom: --url, else the first address the configuration listens on, else 127.0.0.1:8080. */
#include <stdio.h>

#include "cli/ask.h"

#define READY_PATH "/health/ready"

static int tell(const struct ask_answer *answer)
{
    size_t len = strlen(answer->body);
    printf("%s%s", answer->body, len && answer->body[len - 1] == '\n' ? "" : "\n");
    return answer->status == 200 ? CLI_DONE : CLI_FAILED;
}

static int run_health(const struct invocation *invocation)
{
    struct ask_target target;
    if (!ask_target_of_invocation(invocation, READY_PATH, &target))
        return CLI_USAGE;
    struct ask_answer answer;
    int code = ask(invocation->command, &target, &answer);
    return code == CLI_DONE ? tell(&answer) : code;
}

static const struct option options[] = {
    OPTION_URL,
    OPTION_CONFIG,
    {0},
};

const struct command command_health = {
    .name = "health",
    .summary = "ask a running Leat whether it is ready",
    .usage = "[--url URL | -c FILE]",
    .options = options,
    .run = run_health,
};
