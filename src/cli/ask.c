/* SPDX-License-Identifier: Apache-2.0 */
/* See ask.h. */
#include "cli/ask.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
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

bool ask_target_of_invocation(const struct invocation *invocation, const char *path,
                              struct ask_target *ret_target)
{
    const char *url = invocation_value(invocation, "--url");
    bool configured =
        invocation_value(invocation, "--config") || access(settings_file(invocation), R_OK) == 0;
    *ret_target = (struct ask_target){.host = "127.0.0.1", .port = "8080"};
    copy_text(ret_target->path, sizeof ret_target->path, slice_str(path));
    if (url && !ask_target_of_url(url, path, ret_target)) {
        usage_error(invocation->command, "`--url %s`: expected an address such as http://127.0.0.1:8080",
                    url);
        return false;
    }
    return url || !configured || ask_target_of_config(invocation, path, false, ret_target);
}

void ask_credential(const struct invocation *invocation, struct buf *headers)
{
    const char *token = invocation_value(invocation, "--token");
    token = token ? token : getenv("LEAT_TOKEN");
    if (token && strcspn(token, "\r\n") == strlen(token))
        buf_format(headers, "Authorization: Bearer %s\r\n", token);
    buf_byte(headers, 0);
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

static bool send_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes = slice_skip(bytes, (size_t)sent);
    }
    return true;
}

static bool send_question(int fd, const struct ask_target *target, const struct ask_question *question)
{
    bool v6 = strchr(target->host, ':');
    struct buf head;
    buf_init(&head, 64 * 1024);
    buf_format(&head, "%s %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nConnection: close\r\n%s", question->method,
               question->path, v6 ? "[" : "", target->host, v6 ? "]" : "", target->port, question->headers);
    if (question->body.data)
        buf_format(&head, "Content-Length: %zu\r\n", question->body.len);
    buf_lit(&head, "\r\n");
    bool sent = !head.failed && send_all(fd, buf_slice(&head)) && send_all(fd, question->body);
    buf_done(&head);
    return sent;
}

/* Reads the answer to its end, with a NUL behind it; false: it did not come. */
static bool read_answer(int fd, struct buf *answer)
{
    ssize_t got = 1;
    while (got > 0 && answer->len + 1 < answer->max) {
        size_t room = answer->max - answer->len - 1;
        room = room < 65536 ? room : 65536;
        char *to = buf_room(answer, room);
        got = to ? recv(fd, to, room, 0) : -1;
        answer->len += got > 0 ? (size_t)got : 0;
    }
    size_t len = answer->len;
    buf_byte(answer, 0);
    answer->len = len;
    return len > 0 && got >= 0 && !answer->failed;
}

int ask_more(const struct command *command, const struct ask_target *target,
             const struct ask_question *question, struct buf *answer, int *ret_status, struct slice *ret_body)
{
    int fd = open_connection(command, target), status = 0;
    if (fd < 0)
        return CLI_FAILED;
    (void)send_question(fd, target, question); /* it may be refused before all of it is sent */
    bool answered = read_answer(fd, answer);
    close(fd);
    if (!answered) {
        fprintf(stderr, "leat %s: %s:%s does not answer\n", command->name, target->host, target->port);
        return CLI_FAILED;
    }
    const char *body = strstr(answer->data, "\r\n\r\n");
    if (sscanf(answer->data, "HTTP/1.1 %3d", &status) != 1 || !body) {
        fprintf(stderr, "leat %s: the answer is not HTTP\n", command->name);
        return CLI_FAILED;
    }
    *ret_status = status;
    *ret_body = slice_skip(buf_slice(answer), (size_t)(body + 4 - answer->data));
    return CLI_DONE;
}

int ask(const struct command *command, const struct ask_target *target, struct ask_answer *ret_answer)
{
    const struct ask_question question = {.method = "GET", .path = target->path, .headers = ""};
    struct buf answer;
    struct slice body;
    buf_init(&answer, ASK_ANSWER_BYTES_MAX + 1);
    int code = ask_more(command, target, &question, &answer, &ret_answer->status, &body);
    if (code == CLI_DONE) {
        memcpy(ret_answer->text, answer.data, answer.len + 1);
        ret_answer->body = ret_answer->text + (body.data - answer.data);
    }
    buf_done(&answer);
    return code;
}
