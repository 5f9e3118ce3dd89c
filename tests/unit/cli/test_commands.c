/* SPDX-License-Identifier: Apache-2.0 */
/* The command line run as a user runs it: each command in a process of its own, in a folder of its own, with a real SQLite file
 * and, for `leat health`, a real socket. */
#include <arpa/inet.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/folder.h"
#include "lib/unit.h"

#include "base/check.h"
#include "cli/cli.h"
#include "cli/serve.h"

enum { OUTPUT_MAX = 32768 };

struct run {
    struct folder *folder;
    int code;
    char out[OUTPUT_MAX], err[OUTPUT_MAX];
};

static int run_make(void **state)
{
    struct run *run = test_calloc(1, sizeof *run);
    void *folder;
    assert_int_equal(folder_make(&folder), 0);
    run->folder = folder;
    *state = run;
    return 0;
}

static int run_remove(void **state)
{
    struct run *run = *state;
    void *folder = run->folder;
    test_free(run);
    return folder_remove(&folder);
}

static void read_back(FILE *file, char text[OUTPUT_MAX])
{
    rewind(file);
    text[fread(text, 1, OUTPUT_MAX - 1, file)] = 0;
    fclose(file);
}

/* Runs `leat …` and waits for it. The words are separated by single blanks. */
static void leat(struct run *run, const char *line)
{
    char words[1000], *argv[40] = {"leat"};
    int argc = 1;
    snprintf(words, sizeof words, "%s", line);
    for (char *rest = words, *word; (word = strsep(&rest, " ")) != NULL && argc < 39;)
        if (*word)
            argv[argc++] = word;
    FILE *out = tmpfile(), *err = tmpfile();
    assert_true(out && err);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int failed = chdir(run->folder->path) || dup2(fileno(out), STDOUT_FILENO) < 0 ||
                     dup2(fileno(err), STDERR_FILENO) < 0;
        int code = failed ? 99 : cli_main(argc, argv);
        fflush(stdout);
        _exit(code);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    run->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    read_back(out, run->out);
    read_back(err, run->err);
}

static void make_database_of(const struct run *run, const char *sql)
{
    char path[300];
    sqlite3 *database;
    snprintf(path, sizeof path, "%s/shop.db", run->folder->path);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static void make_database(const struct run *run)
{
    make_database_of(run,
                     "PRAGMA journal_mode=WAL;"
                     "CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT NOT NULL, password_hash TEXT);"
                     "CREATE TABLE notes(a TEXT); CREATE VIEW emails AS SELECT id, email FROM users;");
}

static void assert_holds(const char *text, const char *words)
{
    if (!strstr(text, words)) {
        print_error("\"%s\" does not hold \"%s\"\n", text, words);
        fail();
    }
}

/* --- the words of the line --- */

static void the_version_is_told_in_each_way_it_is_asked_for(void **state)
{
    struct run *run = *state;
    static const char *const lines[] = {"--version", "-V", "version"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        leat(run, lines[i]);
        assert_int_equal(run->code, 0);
        assert_string_equal(run->out, "leat " LEAT_VERSION "\n");
    }
}

static void help_lists_every_command(void **state)
{
    struct run *run = *state;
    static const char *const lines[] = {"help", "--help", "-h"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        leat(run, lines[i]);
        assert_int_equal(run->code, 0);
        for (const struct command *const *command = commands; *command; command++)
            assert_holds(run->out, (*command)->summary);
    }
}

static void bare_leat_shows_help_and_fails(void **state)
{
    struct run *run = *state;
    leat(run, "");
    assert_int_equal(run->code, 2);
    assert_holds(run->out, "leat serve");
}

static void help_of_a_command_tells_its_options(void **state)
{
    struct run *run = *state;
    static const char *const lines[] = {"help serve", "serve --help", "serve -h", "serve -c x --help"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        leat(run, lines[i]);
        assert_int_equal(run->code, 0);
        assert_holds(run->out, "--listen ADDR:PORT");
        assert_holds(run->out, "-c, --config FILE");
    }
}

/* How a command is used, behind what was wrong. */
#define USAGE_OF_SERVE \
    "\nusage: leat serve [-c FILE | URL] [--listen ADDR:PORT] [--database URL] [--workers N] [--set PATH=VALUE]…; `leat help serve` tells more\n"
#define USAGE_OF_CHECK \
    "\nusage: leat check [-c FILE] [--database URL] [--set PATH=VALUE]…; `leat help check` tells more\n"
#define USAGE_OF_INIT "\nusage: leat init URL [-o FILE]; `leat help init` tells more\n"
#define USAGE_OF_HEALTH "\nusage: leat health [--url URL | -c FILE]; `leat help health` tells more\n"
#define USAGE_OF_VERSION "\nusage: leat version; `leat help version` tells more\n"

static const struct {
    const char *line, *said;
} wrong[] = {
    {"serv", "leat: there is no command `serv`: did you mean `serve`?\n"},
    {"frobnicate", "leat: there is no command `frobnicate`; `leat help` lists them\n"},
    {"help chekc", "leat: there is no command `chekc`: did you mean `check`?\n"},
    {"serve --lisen x", "leat serve: there is no option `--lisen`: did you mean `--listen`?" USAGE_OF_SERVE},
    {"serve --zebra=1", "leat serve: there is no option `--zebra`" USAGE_OF_SERVE},
    {"serve --listen", "leat serve: `--listen` lacks its value: --listen ADDR:PORT" USAGE_OF_SERVE},
    {"serve a b", "leat serve: `b` is one word too many" USAGE_OF_SERVE},
    {"serve --workers 0 sqlite:x",
     "leat serve: `--workers 0`: expected a number from 1 to 256" USAGE_OF_SERVE},
    {"serve --workers many", "leat serve: `--workers many`: expected a number from 1 to 256" USAGE_OF_SERVE},
    {"serve sqlite:x -c leat.yaml",
     "leat serve: name either a database, `sqlite:x`, or a configuration by `-c FILE`, not both" USAGE_OF_SERVE},
    {"serve sqlite:x --database sqlite:y",
     "leat serve: name either a database, `sqlite:x`, or a configuration by `-c FILE`, not both" USAGE_OF_SERVE},
    {"serve --set x",
     "leat serve: `--set x`: expected a path and a value such as `--set database.timeout=5s`" USAGE_OF_SERVE},
    {"check --set =5",
     "leat check: `--set =5`: expected a path and a value such as `--set database.timeout=5s`" USAGE_OF_CHECK},
    {"check leat.yaml",
     "leat check: `leat.yaml` is one word too many: did you mean `-c leat.yaml`?" USAGE_OF_CHECK},
    {"check sqlite:x", "leat check: `sqlite:x` is one word too many" USAGE_OF_CHECK},
    {"version 2", "leat version: `2` is one word too many" USAGE_OF_VERSION},
    {"init sqlite:x leat.yaml", "leat init: `leat.yaml` is one word too many" USAGE_OF_INIT},
    {"health --listen 127.0.0.1:1", "leat health: there is no option `--listen`" USAGE_OF_HEALTH},
    {"init", "leat init: name a database, such as `leat init sqlite:data.db`" USAGE_OF_INIT},
    {"init mysql:x",
     "URL: `url`: found `mysql:x`, expected `sqlite:PATH` or `postgresql://user@host/database`\n"},
    {"health --url 127.0.0.1:80",
     "leat health: `--url 127.0.0.1:80`: expected an address such as http://127.0.0.1:8080" USAGE_OF_HEALTH},
    {"serve",
     "leat serve: there is no leat.yaml here: name a database, such as `leat serve sqlite:data.db`, or a configuration by `-c FILE`" USAGE_OF_SERVE},
    {"check",
     "leat.yaml: No such file or directory: name the configuration by `-c FILE`, or write one by `leat init URL -o leat.yaml`\n"},
    {"check -c nope.yaml",
     "nope.yaml: No such file or directory: name the configuration by `-c FILE`, or write one by `leat init URL -o leat.yaml`\n"},
    {"serve sqlite:x --listen 0.0.0.0:1",
     "--listen: found `0.0.0.0:1`: without a file Leat listens on loopback alone; `leat init` writes a file to start from\n"},
};

static void wrong_usage_is_told_in_a_sentence_and_exits_with_2(void **state)
{
    struct run *run = *state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        leat(run, wrong[i].line);
        assert_string_equal(run->err, wrong[i].said);
        assert_string_equal(run->out, "");
        assert_int_equal(run->code, 2);
    }
}

/* --- leat serve: its options --- */

static void serve_takes_its_options_in_both_spellings(void **state)
{
    (void)state;
    char *argv[] = {"leat",     "serve",   "--config=a.yaml", "--listen",   "127.0.0.1:1",
                    "--set",    "a.b=c=d", "--workers=3",     "--database", "sqlite:x",
                    "--set=e=", "-c",      "b.yaml"};
    struct invocation invocation;
    struct config_override overrides[GIVEN_MAX];
    struct service_options options;
    assert_true(invocation_parse(&command_serve, ARRAY_LEN(argv), argv, &invocation));
    assert_true(serve_options_parse(&invocation, overrides, &options));
    assert_string_equal(options.config_file, "b.yaml"); /* the last one */
    assert_string_equal(options.listen, "127.0.0.1:1");
    assert_string_equal(options.database_url, "sqlite:x");
    assert_int_equal(options.workers, 3);
    assert_int_equal(options.override_count, 2);
    assert_slice(options.overrides[0].path, "a.b");
    assert_slice(options.overrides[0].value, "c=d");
    assert_slice(options.overrides[1].value, "");
    assert_ptr_equal(options.argv, argv);
}

static void serve_of_a_bare_file_asks_what_it_is(void **state)
{
    struct run *run = *state;
    make_database(run);
    leat(run, "serve shop.db");
    assert_int_equal(run->code, 2);
    assert_string_equal(run->err, "leat serve: `shop.db` is a file: write `sqlite:shop.db` for a database, "
                                  "`-c shop.db` for a configuration" USAGE_OF_SERVE);
}

static void serve_without_words_takes_the_file_of_the_folder(void **state)
{
    (void)state;
    char *argv[] = {"leat", "serve"};
    struct invocation invocation;
    struct config_override overrides[GIVEN_MAX];
    struct service_options options;
    assert_true(invocation_parse(&command_serve, 2, argv, &invocation));
    assert_true(serve_options_parse(&invocation, overrides, &options));
    assert_string_equal(options.config_file, "leat.yaml");
    assert_null(options.database_url);
    assert_int_equal(options.workers, 0);
}

static void serve_with_a_url_needs_no_file(void **state)
{
    (void)state;
    char *argv[] = {"leat", "serve", "--", "sqlite:x"};
    struct invocation invocation;
    struct config_override overrides[GIVEN_MAX];
    struct service_options options;
    assert_true(invocation_parse(&command_serve, 4, argv, &invocation));
    assert_true(serve_options_parse(&invocation, overrides, &options));
    assert_null(options.config_file);
    assert_string_equal(options.database_url, "sqlite:x");
}

/* --- leat init and leat check --- */

static void init_writes_what_check_finds_good(void **state)
{
    struct run *run = *state;
    make_database(run);
    leat(run, "init sqlite:shop.db");
    assert_int_equal(run->code, 0);
    assert_holds(run->out, "database: ${DATABASE_URL:-sqlite:shop.db}\n");
    assert_holds(run->out, "  users: {columns: \"*,-password_hash\"} # hidden: what looks like a secret\n");
    assert_holds(run->out, "  notes: {} # no primary key");
    assert_holds(run->out, "  emails: {} # a view");
    folder_put(run->folder, "leat.yaml", run->out);
    leat(run, "check");
    assert_int_equal(run->code, 0);
    assert_holds(run->out, "columns: \"*,-password_hash\"\n");
    assert_holds(run->err, "warning: `notes` has no primary key");
}

static void init_writes_a_file_but_never_over_one(void **state)
{
    struct run *run = *state;
    make_database(run);
    leat(run, "init sqlite:shop.db -o leat.yaml");
    assert_int_equal(run->code, 0);
    assert_string_equal(run->out, "leat.yaml is written; `leat serve -c leat.yaml` serves it\n");
    leat(run, "init sqlite:shop.db -o leat.yaml");
    assert_int_equal(run->code, 1);
    assert_string_equal(
        run->err,
        "leat.yaml: is there already, and `leat init` overwrites nothing: delete it, or name another file by `-o`\n");
}

static void init_says_what_to_do_where_no_file_can_be_made(void **state)
{
    struct run *run = *state;
    static const struct {
        const char *file, *said;
    } cases[] = {
        {"nowhere/x", "nowhere/x: its folder does not exist: make it, or name another file by `-o`\n"},
        {"shop.db/x", "shop.db/x: its folder is no folder but a file: name another file by `-o`\n"},
        {"sub/", "sub/: is a folder: name another file by `-o`\n"},
        {"/sys/leat.yaml", " name another file by `-o`\n"}, /* no right, or read-only, even for root */
    };
    char line[100];
    make_database(run);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(line, sizeof line, "init sqlite:shop.db -o %s", cases[i].file);
        leat(run, line);
        assert_int_equal(run->code, 1);
        assert_holds(run->err, cases[i].said);
        assert_null(strstr(run->err, "it cannot be made")); /* the system's own words */
    }
}

static void init_leaves_no_half_of_a_file(void **state)
{
    struct run *run = *state;
    struct rlimit before, small;
    char path[200];
    make_database_of(run, "CREATE TABLE notes(a TEXT)"); /* not WAL: to read it nothing is written */
    snprintf(path, sizeof path, "%s/leat.yaml", run->folder->path);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 100, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    signal(SIGXFSZ, SIG_IGN);
    leat(run, "init sqlite:shop.db -o leat.yaml");
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(run->code, 1);
    assert_string_equal(run->err, "leat.yaml: not all of it could be written\n");
    assert_int_equal(access(path, F_OK), -1);
}

static void init_into_another_folder_finds_its_database_from_there(void **state)
{
    struct run *run = *state;
    char expected[200], folder[100];
    make_database(run);
    snprintf(folder, sizeof folder, "%s/sub", run->folder->path);
    assert_int_equal(mkdir(folder, 0755), 0);
    leat(run, "init sqlite:shop.db -o sub/leat.yaml");
    assert_int_equal(run->code, 0);
    leat(run, "check -c sub/leat.yaml");
    assert_int_equal(run->code, 0);
    snprintf(expected, sizeof expected, "url: sqlite:%s/shop.db\n", run->folder->path);
    assert_holds(run->out, expected);
}

static void an_absent_file_is_a_wrong_name_and_an_absent_server_a_failure(void **state)
{
    struct run *run = *state;
    leat(run, "init sqlite:nope.db");
    assert_int_equal(run->code, 2);
    assert_holds(run->err, "sqlite:nope.db: ");
    assert_string_equal(run->out, "");
    leat(run, "init postgresql://leat:secret@127.0.0.1:1/leat");
    assert_int_equal(run->code, 1);
    assert_holds(run->err, "postgresql://leat:***@127.0.0.1:1/leat: ");
    assert_string_equal(run->out, "");
}

static void check_without_its_database_says_what_it_did_check(void **state)
{
    struct run *run = *state;
    folder_put(
        run->folder, "leat.yaml",
        "database: postgresql://me:geheim@127.0.0.1:1/x\ndefaults: {read: anonymous}\nresources: {users: {}}\n");
    leat(run, "check");
    assert_int_equal(run->code, 1);
    assert_holds(run->err, "postgresql://me:***@127.0.0.1:1/x: ");
    assert_holds(run->err, "leat.yaml: checked by itself, without the database\n");
    assert_null(strstr(run->err, "geheim"));
}

static void check_tells_mistakes_of_the_file_and_of_the_database(void **state)
{
    struct run *run = *state;
    make_database(run);
    folder_put(run->folder, "leat.yaml", "database: sqlite:shop.db\ndefaults: {raed: anonymous}\n");
    leat(run, "check");
    assert_int_equal(run->code, 2);
    assert_string_equal(run->err, "leat.yaml:2:12: `defaults` has no key `raed`: did you mean `read`?\n");
    folder_put(run->folder, "leat.yaml",
               "database: sqlite:shop.db\ndefaults: {read: anonymous}\nresources: {usres: {}}\n");
    leat(run, "check");
    assert_int_equal(run->code, 2);
    assert_string_equal(run->err,
                        "leat.yaml:3:13: the database has no table `usres`: did you mean `users`?\n");
    assert_string_equal(run->out, "");
}

static void check_takes_overrides(void **state)
{
    struct run *run = *state;
    make_database(run);
    folder_put(run->folder, "leat.yaml",
               "database: sqlite:nope.db\ndefaults: {read: anonymous}\nresources: {users: {}}\n");
    leat(run, "check --database sqlite:shop.db --set http.connections=7");
    assert_int_equal(run->code, 0);
    assert_holds(run->out, "  connections: 7\n");
    assert_holds(run->out, "  url: sqlite:shop.db\n");
}

/* --- leat health --- */

struct server {
    int fd;
    unsigned port;
    pid_t child;
};

/* A server that gives every connection the same answer. */
static struct server server_start(const char *answer)
{
    struct server server = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    assert_int_equal(bind(server.fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server.fd, 8), 0);
    assert_int_equal(getsockname(server.fd, (struct sockaddr *)&address, &len), 0);
    server.port = ntohs(address.sin_port);
    server.child = fork();
    for (int fd; server.child == 0;) {
        char request[4096];
        fd = accept(server.fd, NULL, NULL);
        if (fd < 0)
            _exit(0);
        ssize_t got = recv(fd, request, sizeof request, 0);
        if (got > 0)
            send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        close(fd);
    }
    return server;
}

static void server_stop(struct server *server)
{
    close(server->fd);
    kill(server->child, SIGKILL);
    waitpid(server->child, NULL, 0);
}

static void health_is_as_the_answer_says(void **state)
{
    struct run *run = *state;
    static const struct {
        const char *answer, *out;
        int code;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes", "yes\n", 0},
        {"HTTP/1.1 503 Service Unavailable\r\n\r\nno\n", "no\n", 1},
        {"SSH-2.0-OpenSSH\r\n", "", 1},
        {"", "", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct server server = server_start(cases[i].answer);
        char line[100];
        snprintf(line, sizeof line, "health --url http://127.0.0.1:%u", server.port);
        leat(run, line);
        server_stop(&server);
        assert_string_equal(run->out, cases[i].out);
        assert_int_equal(run->code, cases[i].code);
    }
}

static void health_asks_where_the_configuration_listens(void **state)
{
    struct run *run = *state;
    struct server server = server_start("HTTP/1.1 200 OK\r\n\r\nready");
    char yaml[200];
    snprintf(yaml, sizeof yaml,
             "listen: 0.0.0.0:%u\ndatabase: sqlite:x\ndefaults: {read: anonymous}\nresources: {a: {}}\n",
             server.port);
    folder_put(run->folder, "leat.yaml", yaml);
    leat(run, "health");
    server_stop(&server);
    assert_string_equal(run->out, "ready\n");
    assert_int_equal(run->code, 0);
}

static void health_of_nobody_fails_with_1(void **state)
{
    struct run *run = *state;
    struct server server = server_start("");
    server_stop(&server); /* its port is free again */
    char line[100];
    snprintf(line, sizeof line, "health --url http://127.0.0.1:%u/health/live", server.port);
    leat(run, line);
    assert_int_equal(run->code, 1);
    assert_holds(run->err, "nothing answers at 127.0.0.1:");
}

static void reload_wants_one_process_named_in_one_way(void **state)
{
    struct run *run = *state;
    static const struct {
        const char *line, *err;
    } cases[] = {
        {"reload --pid 0", "expected the number of a process"},
        {"reload --pid 12x", "expected the number of a process"},
        {"reload --pid 99999999999", "expected the number of a process"},
        {"reload --url localhost", "expected an address such as"},
        {"reload --pid 1 --url http://127.0.0.1:8080", "not both"},
        {"reload --piid 1", "did you mean `--pid`"},
        {"reload leat.yaml", "one word too many"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        leat(run, cases[i].line);
        assert_int_equal(run->code, 2);
        assert_holds(run->err, cases[i].err);
    }
}

static void reload_sends_nothing_when_the_configuration_is_wrong(void **state)
{
    struct run *run = *state;
    folder_put(run->folder, "leat.yaml", "leat: 1\ndatabase: sqlite:shop.db\nresorces: {}\n");
    make_database(run);
    char line[100];
    snprintf(line, sizeof line, "reload -c leat.yaml --pid %d", (int)getpid()); /* a SIGHUP would end us */
    leat(run, line);
    assert_int_equal(run->code, 2);
    assert_holds(run->err, "did you mean `resources`");
    leat(run, "reload");
    assert_int_equal(run->code, 2);
}

/* Each answer is given by a server that is asked once. */
static void reload_signals_nobody_it_is_not_told_of(void **state)
{
    struct run *run = *state;
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n\r\n{\"reloads\":{\"begun\":0,\"ended\":0}}",
        "HTTP/1.1 200 OK\r\n\r\n{\"reloads\":{\"begun\":0,\"ended\":0},\"pid\":1}",
        "HTTP/1.1 200 OK\r\n\r\n{\"reloads\":{},\"pid\":999999999}",
    };
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct server server = server_start(answers[i]);
        char line[100];
        snprintf(line, sizeof line, "reload --url http://127.0.0.1:%u", server.port);
        leat(run, line);
        server_stop(&server);
        assert_int_equal(run->code, 1);
        assert_holds(run->err, "name it by `--pid`");
    }
}

static volatile sig_atomic_t hangups;

static void count_hangup(int number)
{
    (void)number;
    hangups = hangups + 1;
}

static void reload_by_pid_sends_a_hangup_and_waits_for_nothing(void **state)
{
    struct run *run = *state;
    char line[100];
    (void)signal(SIGHUP, count_hangup);
    snprintf(line, sizeof line, "reload --pid %d", (int)getpid());
    leat(run, line);
    assert_int_equal(run->code, 0);
    assert_int_equal(hangups, 1);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    snprintf(line, sizeof line, "reload --pid %d", (int)child);
    leat(run, line);
    assert_int_equal(run->code, 1);
    assert_holds(run->err, "No such process");
}

int main(void)
{
#define AS_A_USER(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)
    const struct CMUnitTest tests[] = {
        AS_A_USER(the_version_is_told_in_each_way_it_is_asked_for),
        AS_A_USER(help_lists_every_command),
        AS_A_USER(bare_leat_shows_help_and_fails),
        AS_A_USER(help_of_a_command_tells_its_options),
        AS_A_USER(wrong_usage_is_told_in_a_sentence_and_exits_with_2),
        cmocka_unit_test(serve_takes_its_options_in_both_spellings),
        AS_A_USER(serve_of_a_bare_file_asks_what_it_is),
        cmocka_unit_test(serve_without_words_takes_the_file_of_the_folder),
        cmocka_unit_test(serve_with_a_url_needs_no_file),
        AS_A_USER(init_writes_what_check_finds_good),
        AS_A_USER(init_writes_a_file_but_never_over_one),
        AS_A_USER(init_says_what_to_do_where_no_file_can_be_made),
        AS_A_USER(init_leaves_no_half_of_a_file),
        AS_A_USER(init_into_another_folder_finds_its_database_from_there),
        AS_A_USER(an_absent_file_is_a_wrong_name_and_an_absent_server_a_failure),
        AS_A_USER(check_without_its_database_says_what_it_did_check),
        AS_A_USER(check_tells_mistakes_of_the_file_and_of_the_database),
        AS_A_USER(check_takes_overrides),
        AS_A_USER(health_is_as_the_answer_says),
        AS_A_USER(health_asks_where_the_configuration_listens),
        AS_A_USER(health_of_nobody_fails_with_1),
        AS_A_USER(reload_wants_one_process_named_in_one_way),
        AS_A_USER(reload_sends_nothing_when_the_configuration_is_wrong),
        AS_A_USER(reload_signals_nobody_it_is_not_told_of),
        AS_A_USER(reload_by_pid_sends_a_hangup_and_waits_for_nothing),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
