/* SPDX-License-Identifier: Apache-2.0 */
/* See ask.h. */
#include "cli/ask.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static bool copy_text(char *to, size_t size, struct slice from)
{
    int len = snprintf(to, size, SLICE_FMT, SLICE_ARG(from));
    return len > 0 && (size_t)len < size;
}

/* "127.0.0.1:8080", "[::1]:8080", "localhost" */
static bool read_authority(struct slice text, struct ask_target *target)
{
    struct slice host = text, port = SLICE("80");
    size_t bracket = slice_find(text, ']'), from = bracket < text.len ? bracket : 0;
    size_t colon = from + slice_find(slice_skip(text, from), ':');
    if (colon < text.len) {
        host = slice_of(text.data, colon);
        port = slice_skip(text, colon + 1);
    }
    if (slice_starts(host, SLICE("[")) && slice_ends(host, SLICE("]")))
        host = slice_of(host.data + 1, host.len - 2);
    return copy_text(target->host, sizeof target->host, host) &&
           copy_text(target->port, sizeof target->port, port);
}

bool ask_target_of_url(const char *url, const char *path, struct ask_target *ret_target)
{
    struct slice rest = slice_str(url), scheme = SLICE("http://");
    if (!slice_starts(rest, scheme))
        return false;
    rest = slice_skip(rest, scheme.len);
    size_t slash = slice_find(rest, '/');
    struct slice own = rest.len - slash > 1 ? slice_skip(rest, slash) : slice_str(path);
    bool clean = strcspn(url, " \r\n\t") == strlen(url);
    return clean && copy_text(ret_target->path, sizeof ret_target->path, own) &&
           read_authority(slice_of(rest.data, slash), ret_target);
}

/* What is for operators is told at `admin:` where there is one. */
static struct slice address_of(const struct config *config, bool for_operators)
{
    return for_operators && config->admin.text.data ? config->admin.text : config->listen[0].text;
}

bool ask_target_of_config(const struct invocation *invocation, const char *path, bool for_operators,
                          struct ask_target *ret_target)
{
    struct config_override overrides[GIVEN_MAX];
    unsigned count;
    if (!settings_overrides(invocation, overrides, &count))
        return false;
    struct arena arena;
    arena_init(&arena, 4096);
    struct complaints complaints = {.arena = &arena};
    struct config *config = NULL;
    bool good = config_load(settings_file(invocation), overrides, count, &complaints, &config) == OK &&
                read_authority(address_of(config, for_operators), ret_target);
    if (!good)
        complaints_print(&complaints, STDERR_FILENO);
    if (good && strcmp(ret_target->host, "0.0.0.0") == 0)
        copy_text(ret_target->host, sizeof ret_target->host, SLICE("127.0.0.1"));
    if (good && strcmp(ret_target->host, "::") == 0)
        copy_text(ret_target->host, sizeof ret_target->host, SLICE("::1"));
    copy_text(ret_target->path, sizeof ret_target->path, slice_str(path));
    config_free(config);
    arena_done(&arena);
    return good;
}

static int connect_to(const struct addrinfo *address)
{
    struct timeval patience = {.tv_sec = ASK_SECONDS_MAX};
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* bounds connect(2) too */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    int failed = errno;
    close(fd);
    errno = failed;
    return -1;
}

static int open_connection(const struct command *command, const struct ask_target *target)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *addresses = NULL;
    int failed = getaddrinfo(target->host, target->port, &hints, &addresses);
    if (failed) {
        fprintf(stderr, "leat %s: %s: %s\n", command->name, target->host, gai_strerror(failed));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *address = addresses; address && fd < 0; address = address->ai_next)
        fd = connect_to(address);
    if (fd < 0)
        fprintf(stderr, "leat %s: nothing answers at %s:%s: %s\n", command->name, target->host, target->port,
                strerror(errno));
    freeaddrinfo(addresses);
    return fd;
}

/* Sends the question and reads the answer to its end; false: it did not come. */
static bool exchange(int fd, const struct ask_target *target, char answer[ASK_ANSWER_BYTES_MAX + 1])
{
    bool v6 = strchr(target->host, ':');
    int sent = dprintf(fd, "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nConnection: close\r\n\r\n", target->path,
                       v6 ? "[" : "", target->host, v6 ? "]" : "", target->port);
    size_t len = 0;
    ssize_t got = sent > 0 ? 1 : 0;
    while (got > 0 && len < ASK_ANSWER_BYTES_MAX) {
        got = recv(fd, answer + len, ASK_ANSWER_BYTES_MAX - len, 0);
        len += got > 0 ? (size_t)got : 0;
    }
    answer[len] = 0;
    return len > 0 && got >= 0;
}

int ask(const struct command *command, const struct ask_target *target, struct ask_answer *ret_answer)
{
    int fd = open_connection(command, target), status = 0;
    if (fd < 0)
        return CLI_FAILED;
    bool answered = exchange(fd, target, ret_answer->text);
    close(fd);
    if (!answered) {
        fprintf(stderr, "leat %s: %s:%s does not answer\n", command->name, target->host, target->port);
        return CLI_FAILED;
    }
    const char *body = strstr(ret_answer->text, "\r\n\r\n");
    if (sscanf(ret_answer->text, "HTTP/1.1 %3d", &status) != 1 || !body) {
        fprintf(stderr, "leat %s: the answer is not HTTP\n", command->name);
        return CLI_FAILED;
    }
    ret_answer->status = status;
    ret_answer->body = body + 4;
    return CLI_DONE;
}
