/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a running Leat: one GET on a connection of its own. For `leat health` and `leat reload`. Blocking.
 * Failure: nobody there, silence for ASK_SECONDS_MAX, no HTTP: a sentence on standard error. */
#ifndef LEAT_CLI_ASK_H
#define LEAT_CLI_ASK_H

#include "cli/settings.h"

enum { ASK_SECONDS_MAX = 3, ASK_ANSWER_BYTES_MAX = 16 * 1024, HOST_BYTES_MAX = 256, PATH_BYTES_MAX = 512 };

struct ask_target {
    char host[HOST_BYTES_MAX], port[8], path[PATH_BYTES_MAX];
};

/* "http://127.0.0.1:8080/health/ready"; `path` is for a URL without one. False: it is none. */
bool ask_target_of_url(const char *url, const char *path, struct ask_target *ret_target);

/* Where the configuration listens first, or for operators (`admin`); an address that means all of them is asked on loopback.
 * False: complaints were written. */
bool ask_target_of_config(const struct invocation *invocation, const char *path, bool for_operators,
                          struct ask_target *ret_target);

struct ask_answer {
    int status;
    const char *body; /* within text */
    char text[ASK_ANSWER_BYTES_MAX + 1];
};

/* CLI_DONE, or CLI_FAILED. */
int ask(const struct command *command, const struct ask_target *target, struct ask_answer *ret_answer);

#endif
