/* SPDX-License-Identifier: Apache-2.0 */
/* `leat reload`: has a running Leat read its configuration again, and tells what became of it.
 *
 *   check the configuration ─► ask /health who serves there ─► SIGHUP to that process ─► ask until its reload is over
 *
 * /health counts the reloads that have begun and ended: ours begins after what has begun so far, so it is over when more than
 * that have ended. Who may do it: whom the system lets signal the process.
 * Exit codes: 0 taken (with --pid: sent), 1 refused, nobody there, or not over in RELOAD_SECONDS_MAX; 2 wrong usage or configuration,
 * and nothing was sent. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "cli/ask.h"

enum { RELOAD_SECONDS_MAX = 60, LOOK_NS = 20000000, WHY_BYTES_MAX = 512, NAME_BYTES_MAX = 64 };

/* What /health says of reloads; -1: it does not. */
struct seen {
    int64_t pid, begun, ended;
    bool refused;
    char why[WHY_BYTES_MAX];
};

static int64_t number_of(const char *json, const char *key)
{
    const char *at = strstr(json, key);
    struct slice digits = slice_str(at ? at + strlen(key) : "");
    digits.len = strspn(digits.data, "0123456789");
    int64_t number = -1;
    return slice_to_int(digits, &number) ? number : -1;
}

/* The text behind a key; of escapes only \" and \\ matter to people. */
static void text_of(const char *json, const char *key, char ret_text[WHY_BYTES_MAX])
{
    size_t len = 0;
    const char *at = strstr(json, key);
    for (at = at ? at + strlen(key) : ""; *at && *at != '"' && len < WHY_BYTES_MAX - 1; at++) {
        if (at[0] == '\\' && (at[1] == '"' || at[1] == '\\'))
            at++;
        ret_text[len++] = *at;
    }
    ret_text[len] = 0;
}

static int look(const struct command *command, const struct ask_target *target, struct seen *ret_seen)
{
    struct ask_answer answer;
    int code = ask(command, target, &answer);
    if (code != CLI_DONE)
        return code;
    const char *reloads = strstr(answer.body, "\"reloads\":{");
    if (!reloads)
        reloads = "";
    ret_seen->pid = number_of(reloads, "\"pid\":");
    ret_seen->begun = number_of(reloads, "\"begun\":");
    ret_seen->ended = number_of(reloads, "\"ended\":");
    ret_seen->refused = strstr(reloads, "\"last\":\"refused\"");
    text_of(reloads, "\"why\":\"", ret_seen->why);
    return CLI_DONE;
}

static bool read_name(const char *path, char ret_name[NAME_BYTES_MAX])
{
    FILE *file = fopen(path, "re");
    bool good = file && fgets(ret_name, NAME_BYTES_MAX, file);
    if (file)
        fclose(file);
    return good;
}

/* A process of that number here runs the program that we are. In a container it has another number there than here. */
static bool is_ours(int64_t pid)
{
    char path[64], own[NAME_BYTES_MAX], its[NAME_BYTES_MAX];
    snprintf(path, sizeof path, "/proc/%lld/comm", (long long)pid);
    return read_name("/proc/self/comm", own) && read_name(path, its) && strcmp(own, its) == 0;
}

static int send_signal(const struct command *command, int64_t pid)
{
    if (kill((pid_t)pid, SIGHUP) == 0)
        return CLI_DONE;
    fprintf(stderr, "leat %s: process %lld: %s\n", command->name, (long long)pid, strerror(errno));
    return CLI_FAILED;
}

static int tell(const struct command *command, const struct seen *seen)
{
    if (!seen->refused) {
        printf("process %lld has reloaded\n", (long long)seen->pid);
        return CLI_DONE;
    }
    fprintf(stderr, "leat %s: process %lld refused: %s\nits old configuration stays\n", command->name,
            (long long)seen->pid, seen->why);
    return CLI_FAILED;
}

/* During a hand-over another process may answer at the same address: what it says is passed over. */
static int await_end(const struct command *command, const struct ask_target *target,
                     const struct seen *before)
{
    struct mono until = mono_after_ms(clock_mono(), RELOAD_SECONDS_MAX * 1000);
    while (mono_diff_us(until, clock_mono()) > 0) {
        struct seen now;
        int code = look(command, target, &now);
        if (code != CLI_DONE)
            return code;
        if (now.pid == before->pid && now.ended > before->begun)
            return tell(command, &now);
        (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    fprintf(stderr, "leat %s: process %lld has not ended its reload after %d s; its log will tell\n",
            command->name, (long long)before->pid, RELOAD_SECONDS_MAX);
    return CLI_FAILED;
}

static int reload_at(const struct command *command, const struct ask_target *target)
{
    struct seen before;
    int code = look(command, target, &before);
    if (code != CLI_DONE)
        return code;
    if (before.pid <= 0 || before.begun < 0 || !is_ours(before.pid)) {
        fprintf(stderr,
                "leat %s: %s:%s does not say which process of this machine it is: name it by `--pid`\n",
                command->name, target->host, target->port);
        return CLI_FAILED;
    }
    code = send_signal(command, before.pid);
    return code == CLI_DONE ? await_end(command, target, &before) : code;
}

static int run_reload(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    const char *url = invocation_value(invocation, "--url"),
               *pid_text = invocation_value(invocation, "--pid");
    int64_t pid = 0;
    struct ask_target target;
    if (url && pid_text)
        return usage_error(command, "name either whom to ask by `--url`, or a process by `--pid`, not both");
    if (pid_text && (!slice_to_int(slice_str(pid_text), &pid) || pid < 1 || pid > INT32_MAX))
        return usage_error(command, "`--pid %s`: expected the number of a process", pid_text);
    if (url && !ask_target_of_url(url, "/health", &target))
        return usage_error(command, "`--url %s`: expected an address such as http://127.0.0.1:8080", url);
    if (invocation_value(invocation, "--config") || (!url && !pid_text)) {
        int code = settings_check(invocation, false);
        if (code != CLI_DONE)
            return code;
    }
    if (pid_text)
        return send_signal(command, pid);
    if (!url && !ask_target_of_config(invocation, "/health", true, &target))
        return CLI_USAGE;
    return reload_at(command, &target);
}

static const struct option options[] = {
    OPTION_CONFIG,
    {"--url", NULL, "URL", "whom to ask; without it where the configuration listens"},
    {"--pid", NULL, "PID", "the process; then nothing is waited for"},
    OPTION_DATABASE,
    OPTION_SET,
    {0},
};

const struct command command_reload = {
    .name = "reload",
    .summary = "check a configuration, have a running Leat take it, and tell what became of it",
    .usage = "[-c FILE] [--url URL | --pid PID] [--database URL] [--set PATH=VALUE]…",
    .options = options,
    .run = run_reload,
};
