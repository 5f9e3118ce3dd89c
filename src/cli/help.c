/* SPDX-License-Identifier: Apache-2.0 */
/* `leat help [COMMAND]` and `leat version`: what the table of commands says. */
#include <stdio.h>

#include "base/check.h"
#include "cli/cli.h"

void command_explain(const struct command *command)
{
    PRE(command && command->usage);
    printf("leat %s%s%s\n    %s\n", command->name, *command->usage ? " " : "", command->usage,
           command->summary);
    if (!command->options)
        return;
    printf("\n");
    for (const struct option *option = command->options; option->name; option++) {
        int written = printf("    %s%s%s%s%s", option->brief ? option->brief : "", option->brief ? ", " : "",
                             option->name, option->value ? " " : "", option->value ? option->value : "");
        printf("%*s%s\n", written < 32 ? 32 - written : 2, "", option->help);
    }
}

static void explain_all(void)
{
    printf("Leat serves a SQL database as a fast JSON API.\n\n");
    for (const struct command *const *command = commands; *command; command++)
        printf("    leat %-11s %s\n", (*command)->name, (*command)->summary);
    printf(
        "\n`leat help COMMAND` tells how each is used. To begin:\n\n"
        "    leat serve sqlite:data.db                    serve a database as it is, on this machine alone\n"
        "    leat init sqlite:data.db -o leat.yaml        write a configuration to start from\n"
        "    leat serve -c leat.yaml                      serve it\n");
}

static int run_help(const struct invocation *invocation)
{
    if (invocation->operand_count == 0) {
        explain_all();
        return CLI_DONE;
    }
    const struct command *command = command_find(invocation->operands[0]);
    if (!command)
        return CLI_USAGE;
    command_explain(command);
    return CLI_DONE;
}

const struct command command_help = {
    .name = "help",
    .summary = "tell what the commands do",
    .usage = "[COMMAND]",
    .operands_max = 1,
    .run = run_help,
};

static int run_version(const struct invocation *invocation)
{
    (void)invocation;
    printf("leat %s\n", LEAT_VERSION);
    return CLI_DONE;
}

const struct command command_version = {
    .name = "version",
    .summary = "tell the version (as does `leat --version`)",
    .usage = "",
    .run = run_version,
};
