/* SPDX-License-Identifier: Apache-2.0 */
/* The access log: a line per request, gathered in the worker's buffer and written once a loop turn.
 * JSON; on a terminal a line for people. Each line is whole: several workers' writes do not mix within PIPE_BUF-sized pieces, and
 * files are appended to. One thread. */
#ifndef LEAT_OBSERVE_ACCESS_H
#define LEAT_OBSERVE_ACCESS_H

#include "base/buf.h"
#include "base/clock.h"

struct access_log {
    struct buf lines;
    bool terminal; /* for people */
};

struct access {
    struct wall at;
    struct slice id, method, target, client;
    unsigned status;
    uint64_t bytes;
    int64_t took_us, wait_us, database_us;
    unsigned rows;
    struct slice route, lane, problem, cause, sql;
};

void access_log_init(struct access_log *log);
void access_log_done(struct access_log *log); /* writes what is left */
void access_log_line(struct access_log *log, const struct access *access);
/* Writes the lines to standard error. What cannot be written is dropped: a log must not hold up requests. */
void access_log_flush(struct access_log *log);

#endif
