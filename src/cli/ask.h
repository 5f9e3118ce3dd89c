/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a running Leat: one request on a connection of its own. For `leat health`, `reload`, `cache`, `warm`. Blocking.
 * Failure: nobody there, silence for ASK_SECONDS_MAX, no HTTP: a sentence on standard error. */
#ifndef LEAT_CLI_ASK_H
#define LEAT_CLI_ASK_H

#include "base/buf.h"
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

#define OPTION_URL \
    { \
        "--url", NULL, "URL", \
            "whom to ask; without it where the configuration listens, or http://127.0.0.1:8080" \
    }
#define OPTION_TOKEN \
    { \
        "--token", NULL, "TOKEN", "who asks; without it LEAT_TOKEN of the environment" \
    }

/* By --url, else where the configuration listens, else 127.0.0.1:8080. False: a sentence was written. */
bool ask_target_of_invocation(const struct invocation *invocation, const char *path,
                              struct ask_target *ret_target);

/* The header that says who asks, if anybody, as text with a NUL. */
void ask_credential(const struct invocation *invocation, struct buf *headers);

struct ask_answer {
    int status;
    const char *body; /* within text */
    char text[ASK_ANSWER_BYTES_MAX + 1];
};

/* Anything but a GET of the target's path. */
struct ask_question {
    const char *method, *path;
    const char *headers; /* lines, each with its CR LF */
    struct slice body;
};

/* CLI_DONE and the status and body, which lies in `answer`; or CLI_FAILED. */
int ask_more(const struct command *command, const struct ask_target *target,
             const struct ask_question *question, struct buf *answer, int *ret_status,
             struct slice *ret_body);

/* CLI_DONE, or CLI_FAILED. */
int ask(const struct command *command, const struct ask_target *target, struct ask_answer *ret_answer);

#endif
