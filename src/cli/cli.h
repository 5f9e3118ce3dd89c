/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one file for each command, one const table of them (commands.c). `leat COMMAND [OPTION]… [OPERAND]…`
 *
 * Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. What was asked for goes to standard output, what is wrong to
 * standard error, one sentence each. One thread. */
#ifndef LEAT_CLI_CLI_H
#define LEAT_CLI_CLI_H

#include "base/slice.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

enum { GIVEN_MAX = 64, OPERANDS_MAX = 4 };

struct option {
    const char *name;  /* "--listen" */
    const char *brief; /* "-c"; NULL: none */
    const char *value; /* what follows it: "ADDR:PORT"; NULL: nothing */
    const char *help;  /* a sentence */
};

struct command;

/* A command line, taken apart. Its texts are those of argv. */
struct invocation {
    const struct command *command;
    struct given {
        const struct option *option;
        const char *value;
    } given[GIVEN_MAX];
    unsigned given_count;
    const char *operands[OPERANDS_MAX];
    unsigned operand_count;
    char **argv; /* all of it, for a successor */
};

struct command {
    const char *name, *summary;
    const char *usage;            /* what follows the name: "-c FILE" */
    const struct option *options; /* ended by a zeroed one; NULL: none */
    unsigned operands_max;
    int (*run)(const struct invocation *invocation); /* returns the exit code */
};

extern const struct command *const commands[]; /* ended by NULL */
extern const struct command command_serve, command_check, command_init, command_health, command_reload,
    command_user, command_key, command_cache, command_warm, command_triggers, command_publication,
    command_help, command_version;

/* The program: finds the command, takes its line apart, runs it. Returns the exit code. */
int cli_main(int argc, char **argv);

/* Takes a command's line apart; false: a sentence was written to standard error. */
bool invocation_parse(const struct command *command, int argc, char **argv,
                      struct invocation *ret_invocation);
/* The value last given for an option ("--listen"), or NULL. */
const char *invocation_value(const struct invocation *invocation, const char *name);

/* The command of that name, or NULL and a sentence with the nearest one on standard error. */
const struct command *command_find(const char *name);
/* What `leat help COMMAND` prints. */
void command_explain(const struct command *command);

/* One sentence on standard error: "leat serve: …". Returns CLI_USAGE. */
int usage_error(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
