/* SPDX-License-Identifier: Apache-2.0 */
/* `leat health`: asks a running Leat whether it is ready, for probes and scripts. Prints what it answered. Exit codes: 0 ready,
 * 1 not ready, not there, or silent for HEALTH_SECONDS_MAX; 2 wrong usage or configuration.
 * Whom: --url, else the first address the configuration listens on, else 127.0.0.1:8080. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/settings.h"

enum { HEALTH_SECONDS_MAX = 3, ANSWER_BYTES_MAX = 16 * 1024, HOST_BYTES_MAX = 256, PATH_BYTES_MAX = 512 };

struct target {
    char host[HOST_BYTES_MAX], port[8], path[PATH_BYTES_MAX];
};

static bool copy_text(char *to, size_t size, struct slice from)
{
    PRE(size > 0);
    if (from.len == 0 || from.len >= size)
        return false;
    memcpy(to, from.data, from.len);
    to[from.len] = 0;
    return true;
}

/* "127.0.0.1:8080", "[::1]:8080", "localhost" */
static bool read_authority(struct slice text, struct target *target)
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

/* "http://127.0.0.1:8080/health/ready"; without a path: /health/ready. */
static bool read_url(const char *url, struct target *target)
{
    struct slice rest = slice_str(url), scheme = SLICE("http://");
    if (!slice_starts(rest, scheme))
        return false;
    rest = slice_skip(rest, scheme.len);
    size_t slash = slice_find(rest, '/');
    struct slice path = rest.len - slash > 1 ? slice_skip(rest, slash) : SLICE("/health/ready");
    bool clean = strcspn(url, " \r\n\t") == strlen(url);
    return clean && copy_text(target->path, sizeof target->path, path) &&
           read_authority(slice_of(rest.data, slash), target);
}

/* Where the configuration listens; an address that means all of them is asked on loopback. */
static bool target_of_config(const struct invocation *invocation, struct target *target)
{
    struct arena arena;
    arena_init(&arena, 4096);
    struct complaints complaints = {.arena = &arena};
    struct config *config = NULL;
    bool good = config_load(settings_file(invocation), NULL, 0, &complaints, &config) == OK &&
                read_authority(config->listen[0].text, target);
    if (!good)
        complaints_print(&complaints, STDERR_FILENO);
    if (good && strcmp(target->host, "0.0.0.0") == 0)
        copy_text(target->host, sizeof target->host, SLICE("127.0.0.1"));
    if (good && strcmp(target->host, "::") == 0)
        copy_text(target->host, sizeof target->host, SLICE("::1"));
    copy_text(target->path, sizeof target->path, SLICE("/health/ready"));
    config_free(config);
    arena_done(&arena);
    return good;
}

static int connect_to(const struct addrinfo *address)
{
    struct timeval patience = {.tv_sec = HEALTH_SECONDS_MAX};
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

static int open_connection(const struct target *target)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *addresses = NULL;
    int failed = getaddrinfo(target->host, target->port, &hints, &addresses);
    if (failed) {
        fprintf(stderr, "leat health: %s: %s\n", target->host, gai_strerror(failed));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *address = addresses; address && fd < 0; address = address->ai_next)
        fd = connect_to(address);
    if (fd < 0)
        fprintf(stderr, "leat health: nothing answers at %s:%s: %s\n", target->host, target->port,
                strerror(errno));
    freeaddrinfo(addresses);
    return fd;
}

/* Sends the question and reads the answer to its end; false: it did not come. */
static bool exchange(int fd, const struct target *target, char answer[ANSWER_BYTES_MAX + 1])
{
    bool v6 = strchr(target->host, ':');
    int sent = dprintf(fd, "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nConnection: close\r\n\r\n", target->path,
                       v6 ? "[" : "", target->host, v6 ? "]" : "", target->port);
    size_t len = 0;
    ssize_t got = sent > 0 ? 1 : 0;
    while (got > 0 && len < ANSWER_BYTES_MAX) {
        got = recv(fd, answer + len, ANSWER_BYTES_MAX - len, 0);
        len += got > 0 ? (size_t)got : 0;
    }
    answer[len] = 0;
    return len > 0 && got >= 0;
}

static int tell(const char *answer)
{
    int status = 0;
    const char *body = strstr(answer, "\r\n\r\n");
    if (sscanf(answer, "HTTP/1.1 %3d", &status) != 1 || !body) {
        fprintf(stderr, "leat health: the answer is not HTTP\n");
        return CLI_FAILED;
    }
    body += 4;
    size_t len = strlen(body);
    printf("%s%s", body, len && body[len - 1] == '\n' ? "" : "\n");
    return status == 200 ? CLI_DONE : CLI_FAILED;
}

static int ask(const struct target *target)
{
    char answer[ANSWER_BYTES_MAX + 1];
    int fd = open_connection(target);
    if (fd < 0)
        return CLI_FAILED;
    bool answered = exchange(fd, target, answer);
    close(fd);
    if (answered)
        return tell(answer);
    fprintf(stderr, "leat health: %s:%s does not answer\n", target->host, target->port);
    return CLI_FAILED;
}

static int run_health(const struct invocation *invocation)
{
    struct target target = {.host = "127.0.0.1", .port = "8080", .path = "/health/ready"};
    const char *url = invocation_value(invocation, "--url");
    if (url && !read_url(url, &target))
        return usage_error(invocation->command,
                           "`--url %s`: expected an address such as http://127.0.0.1:8080", url);
    bool configured =
        invocation_value(invocation, "--config") || access(settings_file(invocation), R_OK) == 0;
    if (!url && configured && !target_of_config(invocation, &target))
        return CLI_USAGE;
    return ask(&target);
}

static const struct option options[] = {
    {"--url", NULL, "URL",
     "whom to ask; without it where the configuration listens, or http://127.0.0.1:8080"},
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
