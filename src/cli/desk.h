/* SPDX-License-Identifier: Apache-2.0 */
/* Where users and keys are written down from the command line: a configuration with its database, and statements run one by one,
 * each a transaction of its own. One thread. */
#ifndef LEAT_CLI_DESK_H
#define LEAT_CLI_DESK_H

#include "auth/trust.h"
#include "cli/settings.h"

struct desk {
    struct arena arena;
    struct complaints complaints;
    struct database database;
    struct loop *loop;
    struct port *port;
    struct model *model;
    struct trust *trust;
    struct fetch fetch;
    bool ended;
};

/* CLI_DONE, or what the command exits with: it was said why. Close it in either case. */
int desk_open(struct desk *desk, const struct invocation *invocation) must_check;
void desk_close(struct desk *desk);

enum dialect desk_dialect(const struct desk *desk);

/* Runs it; what went wrong is desk->fetch.problem then. write: it changes something. sink.on_row NULL: rows mean nothing. */
enum error desk_run(struct desk *desk, struct statement statement, bool write,
                    struct row_sink sink) must_check;
/* The same of Leat's own tables, which are made where they are missed. */
enum error desk_run_ledger(struct desk *desk, struct statement statement, bool write,
                           struct row_sink sink) must_check;
/* Says what went wrong. Returns CLI_FAILED. */
int desk_tell(const struct desk *desk, const struct command *command);

/* A role that a user or key may have; false: it was said why not. */
bool desk_knows_role(const struct desk *desk, const struct command *command, const char *role);

#endif
