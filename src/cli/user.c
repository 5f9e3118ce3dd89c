/* SPDX-License-Identifier: Apache-2.0 */
/* `leat user add ACCOUNT`: a new row in the table of `auth.login`, with the hash of a password that is asked for on the terminal, twice,
 * or is the first line of standard input. The password stands nowhere else.
 * Exit codes: 0 added, 1 the database refused or could not be asked, 2 wrong usage or configuration. */
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "auth/credential.h"
#include "auth/password.h"
#include "cli/desk.h"

enum { LINE_BYTES_MAX = PASSWORD_BYTES_MAX + 2 };

/* One line without its end; false: there is none, or it is too long. */
static bool read_line(FILE *in, char line[LINE_BYTES_MAX])
{
    if (!fgets(line, LINE_BYTES_MAX, in))
        return false;
    size_t len = strcspn(line, "\r\n");
    bool whole = line[len] || feof(in);
    line[len] = 0;
    return whole && password_is_possible(slice_of(line, len));
}

/* From the terminal, which does not show it. */
static bool ask_once(FILE *terminal, const char *question, char line[LINE_BYTES_MAX])
{
    struct termios before, silent;
    bool changed = tcgetattr(fileno(terminal), &before) == 0;
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (changed)
        tcsetattr(fileno(terminal), TCSAFLUSH,
                  &silent); /* before the question: what comes as its answer is not lost */
    fputs(question, terminal);
    fflush(terminal);
    bool read = read_line(terminal, line);
    if (changed)
        tcsetattr(fileno(terminal), TCSANOW, &before);
    fputs("\n", terminal);
    return read;
}

static bool ask_twice(char line[LINE_BYTES_MAX])
{
    char again[LINE_BYTES_MAX];
    FILE *terminal = fopen("/dev/tty", "r+");
    bool same = terminal && ask_once(terminal, "password: ", line) &&
                ask_once(terminal, "once more: ", again) && strcmp(line, again) == 0;
    credential_wipe(slice_of(again, sizeof again));
    if (terminal)
        fclose(terminal);
    return same;
}

static int add(struct desk *desk, const struct invocation *invocation, const char *hash)
{
    const struct command *command = invocation->command;
    const struct accounts *accounts = &desk->trust->accounts;
    const char *tenant = invocation_value(invocation, "--tenant"),
               *role = invocation_value(invocation, "--role");
    struct statement statement =
        accounts_add(accounts, desk_dialect(desk), &desk->arena, slice_str(invocation->operands[1]),
                     slice_str(hash), slice_str(tenant), slice_str(role));
    if (desk_run(desk, statement, true, (struct row_sink){0}) == OK) {
        printf("added %s\n", invocation->operands[1]);
        return CLI_DONE;
    }
    if (slice_eq(desk->fetch.problem.code, SLICE("unique-violation"))) {
        fprintf(stderr, "leat user: there is a user `%s` already\n", invocation->operands[1]);
        return CLI_FAILED;
    }
    return desk_tell(desk, command);
}

static int check(struct desk *desk, const struct invocation *invocation)
{
    const struct accounts *accounts = &desk->trust->accounts;
    const char *tenant = invocation_value(invocation, "--tenant"),
               *role = invocation_value(invocation, "--role");
    if (!accounts->table)
        return usage_error(invocation->command, "the configuration has no `auth: {login: …}`: whose users?");
    if ((tenant && !accounts->tenant) || (role && !accounts->role))
        return usage_error(invocation->command, "users have no %s: `auth: {claims: …}` names no column",
                           tenant && !accounts->tenant ? "tenant" : "role");
    return !role || desk_knows_role(desk, invocation->command, role) ? CLI_DONE : CLI_USAGE;
}

static int add_user(struct desk *desk, const struct invocation *invocation)
{
    char line[LINE_BYTES_MAX] = "", hash[PASSWORD_HASH_BYTES_MAX];
    int code = check(desk, invocation);
    if (code != CLI_DONE)
        return code;
    bool read = isatty(STDIN_FILENO) ? ask_twice(line) : read_line(stdin, line);
    enum error error = read ? password_hash(slice_str(line), hash) : ERR_INVALID;
    credential_wipe(slice_of(line, sizeof line));
    if (error == ERR_MEMORY) {
        fprintf(stderr, "leat user: there is no memory for the hash\n");
        return CLI_FAILED;
    }
    if (error)
        return usage_error(invocation->command, "expected a password of 1 to %d bytes%s",
                           (int)PASSWORD_BYTES_MAX,
                           isatty(STDIN_FILENO) ? ", twice the same" : " on standard input");
    return add(desk, invocation, hash);
}

static int run_user(const struct invocation *invocation)
{
    bool known = invocation->operand_count == 2 && strcmp(invocation->operands[0], "add") == 0;
    if (!known)
        return usage_error(invocation->command, "expected `add ACCOUNT`");
    struct desk desk;
    int code = desk_open(&desk, invocation);
    if (code == CLI_DONE)
        code = add_user(&desk, invocation);
    desk_close(&desk);
    return code;
}

static const struct option options[] = {
    {"--role", NULL, "ROLE", "the user's role, one of `auth.roles`"},
    {"--tenant", NULL, "TENANT", "whose user it is"},
    OPTION_CONFIG,
    OPTION_DATABASE,
    OPTION_SET,
    {0},
};

const struct command command_user = {
    .name = "user",
    .summary = "add a user that can log in; the password is asked for, or read from standard input",
    .usage = "add ACCOUNT [--role ROLE] [--tenant TENANT] [-c FILE]",
    .options = options,
    .operands_max = 2,
    .run = run_user,
};
