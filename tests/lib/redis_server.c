/* SPDX-License-Identifier: Apache-2.0 */
/* See redis_server.h. The path of redis_server.py comes from the build: LEAT_TESTS_LIB. */
#include "lib/redis_server.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

struct redis_server {
    FILE *to, *from;
    pid_t pid;
    char url[512], answer[4096];
};

enum { WORDS_MAX = 16 };

static void run_python(const char *kind)
{
    char words[512];
    char *arguments[WORDS_MAX + 3] = {"python3", LEAT_TESTS_LIB "/redis_server.py"};
    unsigned count = 2;
    snprintf(words, sizeof words, "%s", kind);
    for (char *rest = words, *word; (word = strsep(&rest, " ")) != NULL && count < WORDS_MAX;)
        if (word[0] != '\0')
            arguments[count++] = word;
    execv("/usr/bin/python3", arguments);
    _exit(127);
}

static const char *read_line(struct redis_server *server)
{
    if (fgets(server->answer, sizeof server->answer, server->from) == NULL)
        server->answer[0] = '\0';
    server->answer[strcspn(server->answer, "\n")] = '\0';
    return server->answer;
}

struct redis_server *redis_server_start(const char *kind)
{
    int in[2], out[2];
    struct redis_server *server = mem_must(sizeof *server);
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    server->pid = fork();
    if (server->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        run_python(kind);
    }
    close(in[0]);
    close(out[1]);
    server->to = fdopen(in[1], "w");
    server->from = fdopen(out[0], "r");
    snprintf(server->url, sizeof server->url, "%.500s", read_line(server));
    if (strncmp(server->url, "redis", 5) != 0)
        fail_msg("redis_server.py does not start: %s", server->url);
    return server;
}

void redis_server_stop(struct redis_server *server)
{
    if (server == NULL)
        return;
    fclose(server->to);
    waitpid(server->pid, NULL, 0);
    fclose(server->from);
    mem_free(server);
}

const char *redis_server_url(const struct redis_server *server)
{
    return server->url;
}

const char *redis_server_tell(struct redis_server *server, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(server->to, format, arguments);
    va_end(arguments);
    fputc('\n', server->to);
    fflush(server->to);
    const char *answer = read_line(server);
    if (strncmp(answer, "ok", 2) != 0)
        fail_msg("redis_server.py: %s: %s", format, answer);
    return answer + (answer[2] == ' ' ? 3 : 2);
}
