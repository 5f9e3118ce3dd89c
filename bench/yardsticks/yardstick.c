/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that both yardsticks share; yardstick.h says what they are and are not. */
#define _GNU_SOURCE
#include "yardstick.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Types whose text is JSON as it is: int8, int4, float8, numeric, jsonb. */
static bool is_bare(Oid type)
{
    return type == 20 || type == 23 || type == 701 || type == 1700 || type == 3802;
}

void give_up(const char *doing, const char *why)
{
    fprintf(stderr, "yardstick: %s: %s\n", doing, why);
    exit(1);
}

PGconn *connect_and_prepare(const char *conninfo, const char *settings, const char *sql)
{
    PGconn *connection = PQconnectdb(conninfo);
    if (PQstatus(connection) != CONNECTION_OK)
        give_up("connecting", PQerrorMessage(connection));
    if (settings)
        PQclear(PQexec(connection, settings));
    PGresult *prepared = PQprepare(connection, "q", sql, 0, NULL);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK)
        give_up("preparing", PQerrorMessage(connection));
    PQclear(prepared);
    PQsetnonblocking(connection, 1);
    return connection;
}

int listen_on(int port)
{
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024))
        give_up("listening", strerror(errno));
    return listener;
}

void watch(int epoll, int fd, unsigned long tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
        give_up("watching", strerror(errno));
}

void accept_all(int epoll, int listener)
{
    int on = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, fd, (unsigned long)fd);
    }
}

bool read_number(int fd, long *ret_number)
{
    static char request[1 << 16];
    ssize_t len = read(fd, request, sizeof request - 1);
    if (len <= 0) {
        close(fd);
        return false;
    }
    request[len] = 0;
    *ret_number = atol(request + strcspn(request, "0123456789"));
    return true;
}

static char *add(char *at, const char *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

static char *add_quoted(char *at, const char *text, size_t len)
{
    *at++ = '"';
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            *at++ = '\\';
        *at++ = text[i];
    }
    *at++ = '"';
    return at;
}

static char *add_row(char *at, const PGresult *rows, int row)
{
    for (int column = 0; column < PQnfields(rows); column++) {
        const char *name = PQfname(rows, column), *value = PQgetvalue(rows, row, column);
        size_t len = (size_t)PQgetlength(rows, row, column);
        *at++ = column ? ',' : '{';
        at = add_quoted(at, name, strlen(name));
        *at++ = ':';
        if (PQgetisnull(rows, row, column))
            at = add(at, "null", 4);
        else if (is_bare(PQftype(rows, column)))
            at = add(at, value, len);
        else
            at = add_quoted(at, value, len);
    }
    *at++ = '}';
    return at;
}

/* A client that does not read holds up everyone: there are none in a measurement. */
static void write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        else if (done < 0)
            return; /* gone */
        else
            bytes += done, len -= (size_t)done;
    }
}

void answer_rows(int fd, const PGresult *rows, int from, int to, bool array)
{
    static char answer[BODY_BYTES_MAX];
    enum { HEAD_BYTES = 128 };
    char *body = answer + HEAD_BYTES, *at = body;
    if (array)
        *at++ = '[';
    for (int row = from; row < to; row++) {
        if (row > from)
            *at++ = ',';
        at = add_row(at, rows, row);
    }
    if (array)
        *at++ = ']';

    char head[HEAD_BYTES]; /* put right before the body, so that one write sends both */
    size_t body_len = (size_t)(at - body);
    int head_len = snprintf(head, sizeof head,
                            "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                            body_len ? "200 OK" : "404 Not Found", body_len);
    memcpy(body - head_len, head, (size_t)head_len);
    write_all(fd, body - head_len, (size_t)head_len + body_len);
}
