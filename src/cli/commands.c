/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands, and the way from argv to one of them. See cli.h. */
#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/nearest.h"
#include "cli/cli.h"

const struct command *const commands[] = {
    &command_serve,   &command_check, &command_init, &command_health,   &command_reload,      &command_user,
    &command_key,     &command_cache, &command_warm, &command_triggers, &command_publication, &command_help,
    &command_version, NULL,
};

int usage_error(const struct command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "leat %s: ", command->name);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nusage: leat %s%s%s; `leat help %s` tells more\n", command->name,
            *command->usage ? " " : "", command->usage, command->name);
    va_end(args);
    return CLI_USAGE;
}

const struct command *command_find(const char *name)
{
    struct nearest nearest = nearest_begin(slice_str(name));
    for (const struct command *const *command = commands; *command; command++) {
        if (strcmp((*command)->name, name) == 0)
            return *command;
        nearest_offer(&nearest, slice_str((*command)->name));
    }
    if (nearest.best.data)
        fprintf(stderr, "leat: there is no command `%s`: did you mean `" SLICE_FMT "`?\n", name,
                SLICE_ARG(nearest.best));
    else
        fprintf(stderr, "leat: there is no command `%s`; `leat help` lists them\n", name);
    return NULL;
}

/* The option a word names, either way of writing it. */
static const struct option *option_find(const struct command *command, struct slice word)
{
    for (const struct option *option = command->options; option && option->name; option++)
        if (slice_eq(word, slice_str(option->name)) ||
            (option->brief && slice_eq(word, slice_str(option->brief))))
            return option;
    return NULL;
}

static bool unknown_option(const struct command *command, struct slice word)
{
    struct nearest nearest = nearest_begin(word);
    for (const struct option *option = command->options; option && option->name; option++)
        nearest_offer(&nearest, slice_str(option->name));
    if (nearest.best.data)
        usage_error(command, "there is no option `" SLICE_FMT "`: did you mean `" SLICE_FMT "`?",
                    SLICE_ARG(word), SLICE_ARG(nearest.best));
    else
        usage_error(command, "there is no option `" SLICE_FMT "`", SLICE_ARG(word));
    return false;
}

/* Takes the option at argv[*at], and its value behind it; `--name=value` too. */
static bool take_option(struct invocation *invocation, int argc, char **argv, int *at)
{
    const struct command *command = invocation->command;
    struct slice rest = slice_str(argv[*at]), word = slice_cut(&rest, '=');
    const struct option *option = option_find(command, word);
    if (!option)
        return unknown_option(command, word);
    if (!option->value && rest.data) {
        usage_error(command, "`%s` takes no value", option->name);
        return false;
    }
    if (option->value && !rest.data && *at + 1 >= argc) {
        usage_error(command, "`%s` lacks its value: %s %s", option->name, option->name, option->value);
        return false;
    }
    if (invocation->given_count == GIVEN_MAX) {
        usage_error(command, "more than %d options", GIVEN_MAX);
        return false;
    }
    const char *value = rest.data ? rest.data : option->value ? argv[++*at] : "";
    invocation->given[invocation->given_count++] = (struct given){.option = option, .value = value};
    return true;
}

/* What is named by an option is easily written bare: `leat check leat.yaml`. */
static bool refuse_operand(const struct command *command, const char *operand)
{
    const struct option *option = command->operands_max ? NULL : command->options;
    while (option && option->name && (!option->value || strcmp(option->value, "FILE") != 0))
        option++;
    if (option && option->name && !strchr(operand, ':')) /* an address is no file */
        usage_error(command, "`%s` is one word too many: did you mean `%s %s`?", operand,
                    option->brief ? option->brief : option->name, operand);
    else
        usage_error(command, "`%s` is one word too many", operand);
    return false;
}

static bool take_operand(struct invocation *invocation, const char *operand)
{
    const struct command *command = invocation->command;
    PRE(command->operands_max <= OPERANDS_MAX);
    if (invocation->operand_count == command->operands_max)
        return refuse_operand(command, operand);
    invocation->operands[invocation->operand_count++] = operand;
    return true;
}

bool invocation_parse(const struct command *command, int argc, char **argv, struct invocation *ret_invocation)
{
    PRE(command && command->run);
    *ret_invocation = (struct invocation){.command = command, .argv = argv};
    bool options_ended = false;
    for (int at = 2; at < argc; at++) {
        bool is_option = !options_ended && argv[at][0] == '-' && argv[at][1];
        if (is_option && strcmp(argv[at], "--") == 0)
            options_ended = true;
        else if (is_option && !take_option(ret_invocation, argc, argv, &at))
            return false;
        else if (!is_option && !take_operand(ret_invocation, argv[at]))
            return false;
    }
    return true;
}

const char *invocation_value(const struct invocation *invocation, const char *name)
{
    const char *value = NULL;
    for (unsigned i = 0; i < invocation->given_count; i++)
        if (strcmp(invocation->given[i].option->name, name) == 0)
            value = invocation->given[i].value;
    return value;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (is_help(argv[i]))
            return true;
    return false;
}

int cli_main(int argc, char **argv)
{
    struct invocation invocation;
    const char *name = argc > 1 ? argv[1] : "help";
    if (is_help(name))
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    const struct command *command = command_find(name);
    if (!command)
        return CLI_USAGE;
    if (asks_for_help(argc, argv)) {
        command_explain(command);
        return CLI_DONE;
    }
    if (!invocation_parse(command, argc, argv, &invocation))
        return CLI_USAGE;
    int code = command->run(&invocation);
    return argc > 1 ? code : CLI_USAGE; /* bare `leat` shows its help, but did nothing */
}
