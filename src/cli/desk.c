/* SPDX-License-Identifier: Apache-2.0 */
/* See desk.h. */
#include "cli/desk.h"

#include <stdio.h>
#include <unistd.h>

#include "auth/ledger.h"
#include "base/mem.h"

enum { TURN_MS = 100 };

static int open_model(struct desk *desk, const struct invocation *invocation)
{
    struct config_override overrides[GIVEN_MAX];
    struct config *config = NULL;
    struct catalog *catalog = NULL;
    unsigned count;
    if (!settings_overrides(invocation, overrides, &count) ||
        config_load(settings_file(invocation), overrides, count, &desk->complaints, &config) != OK)
        return CLI_USAGE;
    if (database_open(&desk->database, config, &catalog) != OK) {
        config_free(config);
        return CLI_FAILED;
    }
    if (model_build(config, catalog, &desk->complaints, &desk->model) != OK) {
        catalog_free(catalog);
        config_free(config);
        return CLI_USAGE;
    }
    return trust_new(desk->model, &desk->complaints, &desk->trust) == OK ? CLI_DONE : CLI_USAGE;
}

int desk_open(struct desk *desk, const struct invocation *invocation)
{
    *desk = (struct desk){.complaints = {0}};
    arena_init(&desk->arena, 4096);
    desk->complaints.arena = &desk->arena;
    int code = open_model(desk, invocation);
    if (code != CLI_DONE) {
        complaints_print(&desk->complaints, STDERR_FILENO);
        return code;
    }
    desk->loop = loop_new();
    PRE(desk->loop != NULL);
    desk->port = store_attach(desk->database.store, desk->loop, 0);
    return CLI_DONE;
}

void desk_close(struct desk *desk)
{
    store_detach(desk->port);
    trust_free(desk->trust);
    model_unref(desk->model);
    database_close(&desk->database);
    loop_free(desk->loop);
    arena_done(&desk->arena);
}

enum dialect desk_dialect(const struct desk *desk)
{
    return desk->model->catalog->dialect;
}

static bool ignore_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context, (void)cells, (void)count;
    return true;
}

static void on_end(struct fetch *fetch)
{
    container_of(fetch, struct desk, fetch)->ended = true;
}

static enum error run(struct desk *desk, struct fetch fetch)
{
    fetch.on_end = on_end;
    fetch.arena = &desk->arena;
    if (!fetch.sink.on_row)
        fetch.sink.on_row = ignore_row;
    desk->fetch = fetch;
    desk->ended = false;
    bool pending = store_submit(desk->port, &desk->fetch) == SUBMIT_PENDING;
    while (pending && !desk->ended)
        loop_turn(desk->loop, TURN_MS);
    return problem_is(&desk->fetch.problem) ? ERR_PROBLEM : OK;
}

enum error desk_run(struct desk *desk, struct statement statement, bool write, struct row_sink sink)
{
    return run(desk, (struct fetch){.statement = statement, .sink = sink, .write = write});
}

static enum error make_tables(struct desk *desk)
{
    enum error error = OK;
    for (unsigned n = 0; !error; n++) {
        struct statement statement = ledger_make(&desk->arena, desk_dialect(desk), n);
        if (!statement.text.len)
            break;
        error = run(desk, (struct fetch){.statement = statement, .write = true, .makes = true});
    }
    return error;
}

enum error desk_run_ledger(struct desk *desk, struct statement statement, bool write, struct row_sink sink)
{
    enum error error = desk_run(desk, statement, write, sink);
    if (!error || !slice_eq(desk->fetch.problem.pg_code, SLICE("42P01")))
        return error;
    error = make_tables(desk);
    return error ? error : desk_run(desk, statement, write, sink);
}

int desk_tell(const struct desk *desk, const struct command *command)
{
    const struct problem *problem = &desk->fetch.problem;
    fprintf(stderr, "leat %s: " SLICE_FMT "%s" SLICE_FMT "\n", command->name, SLICE_ARG(problem->detail),
            problem->cause.len ? " " : "", SLICE_ARG(problem->cause));
    return CLI_FAILED;
}

bool desk_knows_role(const struct desk *desk, const struct command *command, const char *role)
{
    const struct config_auth *auth = &desk->model->config->auth;
    if (config_role_find(auth, slice_str(role)))
        return true;
    fprintf(stderr, "leat %s: `%s` is no role:", command->name, role);
    for (unsigned i = 0; i < auth->role_count; i++)
        fprintf(stderr, " " SLICE_FMT, SLICE_ARG(auth->roles[i].name));
    fprintf(stderr, auth->role_count ? "\n" : " `auth: {roles: …}` declares none\n");
    return false;
}
