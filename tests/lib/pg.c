/* SPDX-License-Identifier: Apache-2.0 */
/* See pg.h. The path of postgres.py comes from the build: LEAT_TESTS_LIB. */
#include "lib/pg.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "lib/unit.h"

struct postgres {
    FILE *to, *from;
    pid_t pid;
    unsigned port;
    char url[128];
};

enum { WORDS_MAX = 16 };

static void run_python(const char *settings)
{
    char words[512];
    char *arguments[WORDS_MAX + 3] = {"python3", LEAT_TESTS_LIB "/postgres.py"};
    unsigned count = 2;
    snprintf(words, sizeof words, "%s", settings ? settings : "");
    for (char *rest = words, *word; (word = strsep(&rest, " ")) != NULL && count < WORDS_MAX;)
        if (word[0] != '\0')
            arguments[count++] = word;
    execv("/usr/bin/python3", arguments);
    _exit(127);
}

struct postgres *postgres_start(const char *settings)
{
    int in[2], out[2];
    struct postgres *postgres = mem_must(sizeof *postgres);
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    postgres->pid = fork();
    if (postgres->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        run_python(settings);
    }
    close(in[0]);
    close(out[1]);
    postgres->to = fdopen(in[1], "w");
    postgres->from = fdopen(out[0], "r");
    char line[256] = "";
    if (fgets(line, sizeof line, postgres->from) == NULL || sscanf(line, "%u", &postgres->port) != 1)
        fail_msg("postgres.py does not start: %s", line);
    snprintf(postgres->url, sizeof postgres->url, "postgresql://leat@127.0.0.1:%u/leat", postgres->port);
    return postgres;
}

void postgres_stop(struct postgres *postgres)
{
    if (postgres == NULL)
        return;
    fclose(postgres->to);
    waitpid(postgres->pid, NULL, 0);
    fclose(postgres->from);
    mem_free(postgres);
}

const char *postgres_url(const struct postgres *postgres)
{
    return postgres->url;
}

unsigned postgres_port(const struct postgres *postgres)
{
    return postgres->port;
}

static void tell(struct postgres *postgres, const char *verb, const char *rest)
{
    char answer[1024] = "";
    fprintf(postgres->to, "%s", verb);
    for (const char *c = rest; *c; c++)
        fputc(*c == '\n' ? ' ' : *c, postgres->to);
    fputc('\n', postgres->to);
    fflush(postgres->to);
    if (fgets(answer, sizeof answer, postgres->from) == NULL || strcmp(answer, "ok\n") != 0)
        fail_msg("postgres.py: %s%s: %s", verb, rest, answer);
}

void postgres_tell(struct postgres *postgres, const char *verb)
{
    tell(postgres, verb, "");
}

void postgres_psql(struct postgres *postgres, const char *sql)
{
    tell(postgres, "psql ", sql);
}
