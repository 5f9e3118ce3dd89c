/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: what leads where, what does not, and what is said then. Requests are parsed by the real parser. */
#include "lib/unit.h"

#include <stdio.h>

#include "base/check.h"
#include "route/route.h"

enum { HEAD_BYTES_MAX = 20000 };

/* Resources `users` (keyed), `log` (no key), `hidden` (read: none), `stats`; queries `users/top`, `stats`, `secret` (read: none). Served
 * plain at /api and at /api/old, in the manner of PostgREST at /rest/v1. */
struct fixture {
    struct arena arena;
    struct config config;
    struct serve_prefix serve[3];
    struct config_resource config_resources[4];
    struct table tables[4];
    struct resource resources[4];
    struct config_query config_queries[3];
    struct named_query queries[3];
    struct catalog catalog;
    struct model model;
    struct route_table *table;
    struct route route;
    struct problem problem;
};

enum { USERS, LOG, HIDDEN, STATS };
enum { USERS_TOP, STATS_QUERY, SECRET };

static void fill_resources(struct fixture *fixture)
{
    static const char *const names[] = {"users", "log", "hidden", "stats"};
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        fixture->config_resources[i] =
            (struct config_resource){.name = {.text = slice_str(names[i])},
                                     .read = i == HIDDEN ? ROLES_NONE : ROLE_ANONYMOUS};
        fixture->tables[i] = (struct table){.schema = SLICE("public"), .name = slice_str(names[i])};
        fixture->resources[i] = (struct resource){.config = &fixture->config_resources[i],
                                                  .table = &fixture->tables[i],
                                                  .key_count = i == LOG ? 0 : 1};
    }
}

static void fill_queries(struct fixture *fixture)
{
    static const char *const paths[] = {"users/top", "stats", "secret"};
    for (unsigned i = 0; i < ARRAY_LEN(paths); i++) {
        fixture->config_queries[i] = (struct config_query){.path = slice_str(paths[i]),
                                                           .read = i == SECRET ? ROLES_NONE : ROLE_ANONYMOUS};
        fixture->queries[i] = (struct named_query){.config = &fixture->config_queries[i]};
    }
}

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    arena_init(&fixture->arena, 4096);
    fixture->serve[0] = (struct serve_prefix){.prefix = SLICE("/api")};
    fixture->serve[1] = (struct serve_prefix){.prefix = SLICE("/rest/v1"), .manner = MANNER_POSTGREST};
    fixture->serve[2] = (struct serve_prefix){.prefix = SLICE("/api/old")};
    fixture->config.serve = fixture->serve;
    fixture->config.serve_count = 3;
    fill_resources(fixture);
    fill_queries(fixture);
    fixture->model = (struct model){.config = &fixture->config,
                                    .catalog = &fixture->catalog,
                                    .resources = fixture->resources,
                                    .resource_count = 4,
                                    .queries = fixture->queries,
                                    .query_count = 3};
    fixture->table = route_table_new(&fixture->model);
    *state = fixture;
    return 0;
}

/* After a change of what is served. */
static void remake_table(struct fixture *fixture)
{
    route_table_free(fixture->table);
    fixture->table = route_table_new(&fixture->model);
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    route_table_free(fixture->table);
    arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

/* header: with its line end. */
static enum error match_with(struct fixture *fixture, const char *method, const char *path,
                             const char *header)
{
    static const struct http_limits limits = {.line_bytes_max = HEAD_BYTES_MAX,
                                              .head_bytes_max = HEAD_BYTES_MAX};
    struct http_field fields[HTTP_FIELDS_MAX];
    struct http_head head;
    struct slice text =
        arena_format(&fixture->arena, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, path, header);
    http_head_init(&head, fields, HTTP_FIELDS_MAX);
    assert_int_equal(http_head_parse(&head, &limits, text.data, text.len), HTTP_DONE);
    fixture->problem = (struct problem){0};
    memset(&fixture->route, 0xee, sizeof fixture->route); /* nothing may rely on what was there */
    return route_match(fixture->table, &head, &fixture->arena, &fixture->route, &fixture->problem);
}

static enum error match(struct fixture *fixture, const char *method, const char *path)
{
    return match_with(fixture, method, path, "");
}

#define ASSERT_LIST(path, which) \
    do { \
        assert_int_equal(match(fixture, "GET", (path)), OK); \
        assert_int_equal(fixture->route.kind, ROUTE_LIST); \
        assert_ptr_equal(fixture->route.resource, &fixture->resources[which]); \
    } while (0)

#define ASSERT_ROW(path, which, as_sent) \
    do { \
        assert_int_equal(match(fixture, "GET", (path)), OK); \
        assert_int_equal(fixture->route.kind, ROUTE_ROW); \
        assert_ptr_equal(fixture->route.resource, &fixture->resources[which]); \
        assert_slice(fixture->route.id, as_sent); \
    } while (0)

#define ASSERT_QUERY(path, which) \
    do { \
        assert_int_equal(match(fixture, "GET", (path)), OK); \
        assert_int_equal(fixture->route.kind, ROUTE_QUERY); \
        assert_ptr_equal(fixture->route.query, &fixture->queries[which]); \
    } while (0)

#define ASSERT_PROBLEM(method, path, status_, code_) \
    do { \
        assert_int_equal(match(fixture, (method), (path)), ERR_PROBLEM); \
        assert_int_equal(fixture->problem.status, (status_)); \
        assert_slice(fixture->problem.code, (code_)); \
    } while (0)

static void lists_rows_and_queries_are_found_in_both_manners(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_LIST("/api/users", USERS);
    assert_int_equal(fixture->route.manner, MANNER_PLAIN);
    assert_false(fixture->route.preflight);
    ASSERT_LIST("/rest/v1/users?id=eq.5", USERS);
    assert_int_equal(fixture->route.manner, MANNER_POSTGREST);
    ASSERT_ROW("/api/users/5", USERS, "5");
    ASSERT_ROW("/rest/v1/users/a,b", USERS, "a,b");
    assert_int_equal(fixture->route.manner, MANNER_POSTGREST);
    ASSERT_QUERY("/rest/v1/users/top", USERS_TOP);
    ASSERT_LIST("/api/log", LOG);
}

static void health_is_built_in(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(match(fixture, "GET", "/health"), OK);
    assert_int_equal(fixture->route.kind, ROUTE_HEALTH);
    assert_int_equal(match(fixture, "HEAD", "/health/live"), OK);
    assert_int_equal(fixture->route.kind, ROUTE_LIVE);
    assert_int_equal(match(fixture, "GET", "/health/ready"), OK);
    assert_int_equal(fixture->route.kind, ROUTE_READY);
    ASSERT_PROBLEM("GET", "/health/other", 404, "unknown-path");
}

static void nobody_can_take_the_place_of_health(void **state)
{
    struct fixture *fixture = *state;
    route_table_free(fixture->table);
    fixture->config_resources[USERS].name.text = SLICE("health");
    fixture->serve[0].prefix = SLICE("");
    fixture->table = route_table_new(&fixture->model);
    assert_int_equal(match(fixture, "GET", "/health"), OK);
    assert_int_equal(fixture->route.kind, ROUTE_HEALTH);
    assert_int_equal(match(fixture, "GET", "/health/ready"), OK);
    assert_int_equal(fixture->route.kind, ROUTE_READY);
    ASSERT_LIST("/log", LOG);
}

static void a_fixed_path_beats_an_id_and_a_query_a_resource(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_QUERY("/api/users/top", USERS_TOP);
    ASSERT_QUERY("/api/stats", STATS_QUERY);
    ASSERT_ROW("/api/users/top5", USERS, "top5");
}

static void of_two_prefixes_that_claim_a_path_the_longer_has_it(void **state)
{
    struct fixture *fixture = *state;
    route_table_free(fixture->table);
    fixture->serve[0].prefix =
        SLICE("/rest"); /* its query v1/log is declared before the resource log of /rest/v1 */
    fixture->config_queries[STATS_QUERY].path = SLICE("v1/log");
    fixture->table = route_table_new(&fixture->model);
    ASSERT_LIST("/rest/v1/log", LOG);
    assert_int_equal(fixture->route.manner, MANNER_POSTGREST);
    ASSERT_QUERY("/rest/v1/v1/log", STATS_QUERY);
}

static void the_root_may_be_a_prefix(void **state)
{
    struct fixture *fixture = *state;
    route_table_free(fixture->table);
    fixture->serve[0].prefix = SLICE("");
    fixture->table = route_table_new(&fixture->model);
    ASSERT_LIST("/users", USERS);
    ASSERT_ROW("/users/5", USERS, "5");
    ASSERT_PROBLEM("GET", "/", 404, "unknown-path");
}

static void what_tells_of_the_api_is_there_unless_it_is_off(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_PROBLEM("GET", "/openapi.json", 404, "unknown-path");
    ASSERT_PROBLEM("GET", "/docs", 404, "unknown-path");
    route_table_free(fixture->table);
    fixture->config.docs = true;
    fixture->table = route_table_new(&fixture->model);
    assert_int_equal(match(fixture, "GET", "/openapi.json"), OK);
    assert_int_equal(fixture->route.kind, ROUTE_OPENAPI);
    assert_int_equal(match(fixture, "GET", "/docs"), OK);
    assert_int_equal(fixture->route.kind, ROUTE_DOCS);
    assert_slice(fixture->route.id, "");
    assert_int_equal(match(fixture, "GET", "/docs/page.js"), OK);
    assert_int_equal(fixture->route.kind, ROUTE_DOCS);
    assert_slice(fixture->route.id, "page.js");
    ASSERT_PROBLEM("POST", "/docs", 405, "method-not-allowed");
    ASSERT_PROBLEM("GET", "/docs/", 404, "unknown-path");
    ASSERT_PROBLEM("GET", "/docs/a/b", 404, "unknown-path");
}

static void what_nobody_may_read_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_PROBLEM("GET", "/api/hidden", 404, "unknown-path");
    ASSERT_PROBLEM("GET", "/api/hidden/5", 404, "unknown-path");
    ASSERT_PROBLEM("GET", "/api/secret", 404, "unknown-path");
    ASSERT_PROBLEM("GET", "/api/hiden", 404, "unknown-path");
    assert_null(fixture->problem.nearest.data); /* nor is it suggested */
}

static void queries_and_rows_have_no_rows(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_PROBLEM("GET", "/api/users/top/5", 404, "unknown-path");
    ASSERT_PROBLEM("GET", "/api/users/5/6", 404, "unknown-path");
}

static void escapes_are_undone_but_for_the_id(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_LIST("/api/%75sers", USERS);
    ASSERT_LIST("/%61pi/users", USERS);
    ASSERT_QUERY("/api/users/%74op", USERS_TOP);
    ASSERT_ROW("/api/%75sers/5", USERS, "5");
    ASSERT_ROW("/api/users/a%2Cb", USERS, "a%2Cb");
    ASSERT_ROW("/api/users/a%2Fb", USERS, "a%2Fb");
    ASSERT_ROW("/api/users/h%C3%A9", USERS, "h%C3%A9");
    ASSERT_ROW("/api/users/3.14", USERS, "3.14");
    ASSERT_ROW("/api/users/...", USERS, "...");
}

static void an_encoded_slash_parts_nothing(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_PROBLEM("GET", "/api%2Fusers", 404, "unknown-path");
    ASSERT_PROBLEM("GET", "/api%2Fusers/5", 404, "unknown-path");
    ASSERT_ROW("/api/users/top%2F", USERS, "top%2F");
    ASSERT_PROBLEM("GET", "/api/stats%2F", 404, "unknown-path");
}

static void dot_segments_and_bad_escapes_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[] = {
        "/api/users/.",         "/api/users/..",
        "/api/users/%2e",       "/api/users/.%2E",
        "/api/users/%2E%2e",    "/api/../health",
        "/./api/users",         "/api/users/%zz",
        "/api/users/%4",        "/api/users/%",
        "/api/users/%00",       "/api/users/%ff",
        "/api//users",          "//api/users",
        "/api/users//",         "/%2e%2e/%2e%2e/etc/passwd",
        "/api/users/%ed%a0%80", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r",
    };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        ASSERT_PROBLEM("GET", paths[i], 400, "bad-path");
        assert_slice(fixture->problem.place, "path");
    }
}

static void an_unknown_path_says_what_may_have_been_meant(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_PROBLEM("GET", "/api/usres", 404, "unknown-path");
    assert_slice(fixture->problem.nearest, "/api/users");
    assert_slice(fixture->problem.hint, "Did you mean `/api/users`?");
    assert_slice(fixture->problem.detail, "Nothing is served at `/api/usres`.");
    assert_slice(fixture->problem.value, "/api/usres");
    ASSERT_PROBLEM("GET", "/api/usres/123456", 404, "unknown-path");
    assert_slice(fixture->problem.nearest, "/api/users");
    ASSERT_PROBLEM("GET", "/api/users/", 404, "unknown-path");
    assert_slice(fixture->problem.nearest, "/api/users");
    ASSERT_PROBLEM("GET", "/api/users/123456/", 404, "unknown-path");
    assert_slice(fixture->problem.nearest, "/api/users/123456");
    ASSERT_PROBLEM("GET", "/API/Users", 404, "unknown-path");
    assert_slice(fixture->problem.nearest, "/api/users");
    ASSERT_PROBLEM("GET", "/api/xyz", 404,
                   "unknown-path"); /* too far from "log": the prefix does not count */
    assert_null(fixture->problem.nearest.data);
    ASSERT_PROBLEM("GET", "/users", 404, "unknown-path");
    assert_slice(fixture->problem.nearest, "/api/users");
    ASSERT_PROBLEM("GET", "/users/5", 404, "unknown-path");
    assert_slice(fixture->problem.nearest, "/api/users");
    ASSERT_PROBLEM("GET", "/", 404, "unknown-path");
    assert_null(fixture->problem.nearest.data);
    ASSERT_PROBLEM("GET", "/favicon.ico", 404, "unknown-path");
    assert_null(fixture->problem.nearest.data);
    assert_slice(fixture->problem.hint, "A path that is served: `/api/users`.");
}

static void a_problem_is_told_in_the_manner_of_its_prefix(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *method, *path;
        enum manner manner;
    } cases[] = {
        {"GET", "/rest/v1/nothing", MANNER_POSTGREST},  {"GET", "/rest/v1/", MANNER_POSTGREST},
        {"GET", "/rest/v1", MANNER_POSTGREST},          {"GET", "/rest/v1/..", MANNER_POSTGREST},
        {"DELETE", "/rest/v1/users", MANNER_POSTGREST}, {"GET", "/rest/v12/users", MANNER_PLAIN},
        {"GET", "/api/nothing", MANNER_PLAIN},          {"GET", "/", MANNER_PLAIN},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(match(fixture, cases[i].method, cases[i].path), ERR_PROBLEM);
        assert_int_equal(fixture->route.manner, cases[i].manner);
        assert_non_null(fixture->problem.pg_code.data);
    }
}

static void a_path_is_read_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(match(fixture, "HEAD", "/api/users/5"), OK);
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "PROPFIND", "get"};
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        ASSERT_PROBLEM(methods[i], "/api/users/5", 405, "method-not-allowed");
        assert_slice(fixture->problem.allow, "GET, HEAD, OPTIONS");
        ASSERT_PROBLEM(methods[i], "/health", 405, "method-not-allowed");
        ASSERT_PROBLEM(methods[i], "/api/%75sers", 405, "method-not-allowed");
        ASSERT_PROBLEM(methods[i], "/nowhere", 404, "unknown-path");
    }
}

/* A table takes all; a view what its flags say. A list is not replaced in the plain manner, a row is not added to. */
static void what_may_be_written_is_allowed_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    struct table table = {.kind = TABLE_TABLE};
    fixture->resources[USERS].table = fixture->resources[HIDDEN].table = &table;
    fixture->config_resources[USERS].write = fixture->config_resources[HIDDEN].write = ROLE_ANONYMOUS;
    remake_table(fixture); /* `hidden` may be written now */
    static const struct {
        enum table_kind kind;
        bool insert, update, remove;
        const char *path, *allow;
    } cases[] = {
        {TABLE_TABLE, false, false, false, "/api/users", "GET, HEAD, POST, PATCH, DELETE, OPTIONS"},
        {TABLE_TABLE, false, false, false, "/rest/v1/users", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
        {TABLE_TABLE, false, false, false, "/api/users/5", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"},
        {TABLE_PARTITIONED, false, false, false, "/api/hidden", "POST, PATCH, DELETE, OPTIONS"},
        {TABLE_VIEW, false, false, false, "/api/users", "GET, HEAD, OPTIONS"},
        {TABLE_VIEW, true, false, false, "/rest/v1/users", "GET, HEAD, POST, OPTIONS"},
        {TABLE_VIEW, false, true, false, "/api/users/5", "GET, HEAD, PATCH, OPTIONS"},
        {TABLE_VIEW, true, true, true, "/api/users/5", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"},
        {TABLE_TABLE, false, false, false, "/api/log", "GET, HEAD, OPTIONS"},
        {TABLE_TABLE, false, false, false, "/health", "GET, HEAD, OPTIONS"},
    };
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        table = (struct table){.kind = cases[i].kind,
                               .insertable = cases[i].insert,
                               .updatable = cases[i].update,
                               .deletable = cases[i].remove};
        assert_int_equal(match(fixture, "OPTIONS", cases[i].path), OK);
        assert_slice(fixture->route.allow, cases[i].allow);
        for (size_t m = 0; m < ARRAY_LEN(methods); m++) {
            bool allowed = strstr(cases[i].allow, methods[m]) != NULL;
            assert_int_equal(match(fixture, methods[m], cases[i].path), allowed ? OK : ERR_PROBLEM);
            assert_int_equal(fixture->route.body, m >= 2);
            assert_int_equal(fixture->route.write,
                             m >= 2 && !strstr(cases[i].path, "health") && !strstr(cases[i].path, "top"));
        }
    }
}

static void options_is_answered_where_something_is(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[] = {"/api/users", "/api/users/5", "/health", "/api/%75sers", "*"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        assert_int_equal(match(fixture, "OPTIONS", paths[i]), OK);
        assert_true(fixture->route.preflight);
    }
    ASSERT_PROBLEM("OPTIONS", "/nowhere", 404, "unknown-path");
}

static void a_very_long_path_is_shown_cut(void **state)
{
    struct fixture *fixture = *state;
    char path[8000] = "/api/users/";
    memset(path + 11, 'x', sizeof path - 12);
    path[sizeof path - 1] = 0;
    assert_int_equal(match(fixture, "GET", path), OK);
    assert_int_equal(fixture->route.id.len, sizeof path - 12);
    memcpy(path, "/nowhere/a/", 11);
    ASSERT_PROBLEM("GET", path, 404, "unknown-path");
    assert_int_equal(fixture->problem.value.len, PROBLEM_VALUE_MAX);
    assert_in_range(fixture->problem.detail.len, PROBLEM_VALUE_MAX, PROBLEM_VALUE_MAX + 50);
    char method[300];
    memset(method, 'M', sizeof method - 1);
    method[sizeof method - 1] = 0;
    ASSERT_PROBLEM(method, "/api/users", 405, "method-not-allowed");
    assert_in_range(fixture->problem.detail.len, PROBLEM_VALUE_MAX, PROBLEM_VALUE_MAX + 50);
}

static void a_match_takes_no_memory(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[] = {"/api/users", "/api/users/5", "/rest/v1/stats", "/health/live"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct http_head head = {.path = slice_str(paths[i])};
        struct arena arena;
        arena_init(&arena, 4096);
        assert_int_equal(route_match(fixture->table, &head, &arena, &fixture->route, &fixture->problem), OK);
        assert_int_equal(arena.used_bytes, 0);
        arena_done(&arena);
    }
}

/* --- schemas --- */

#define PUBLIC "Accept-Profile: public\r\n"
#define AUDIT "Accept-Profile: audit\r\n"

/* `log` is the table users of the schema audit, `stats` another table there. */
static void make_two_schemas(struct fixture *fixture)
{
    fixture->tables[LOG] = (struct table){.schema = SLICE("audit"), .name = SLICE("users")};
    fixture->tables[STATS].schema = SLICE("audit");
    fixture->tables[HIDDEN].schema = SLICE("secret");
    remake_table(fixture);
}

static void assert_found(struct fixture *fixture, const char *path, const char *header, unsigned which,
                         enum route_kind kind, const char *schema)
{
    assert_int_equal(match_with(fixture, "GET", path, header), OK);
    assert_int_equal(fixture->route.kind, kind);
    assert_ptr_equal(fixture->route.resource, &fixture->resources[which]);
    assert_slice(fixture->route.schema, schema);
    assert_int_equal(fixture->route.manner, MANNER_POSTGREST);
}

static void in_a_schema_a_resource_is_found_by_its_name_or_its_tables(void **state)
{
    struct fixture *fixture = *state;
    make_two_schemas(fixture);
    assert_found(fixture, "/rest/v1/users", PUBLIC, USERS, ROUTE_LIST, "public");
    assert_found(fixture, "/rest/v1/users", AUDIT, LOG, ROUTE_LIST, "audit");
    assert_found(fixture, "/rest/v1/log", AUDIT, LOG, ROUTE_LIST, "audit");
    assert_found(fixture, "/rest/v1/users/5", AUDIT, LOG, ROUTE_ROW, "audit");
    assert_slice(fixture->route.id, "5");
    assert_found(fixture, "/rest/v1/%75sers/a%2Cb", AUDIT, LOG, ROUTE_ROW, "audit");
    assert_slice(fixture->route.id, "a%2Cb");
}

static void a_resources_own_name_goes_before_its_tables(void **state)
{
    struct fixture *fixture = *state;
    make_two_schemas(fixture);
    fixture->tables[STATS].name = SLICE("log");
    assert_found(fixture, "/rest/v1/log", AUDIT, LOG, ROUTE_LIST, "audit");
}

static void without_a_schema_names_lead_where_they_do_and_of_several_it_is_told(void **state)
{
    struct fixture *fixture = *state;
    assert_found(fixture, "/rest/v1/users", "", USERS, ROUTE_LIST, "");
    make_two_schemas(fixture);
    assert_found(fixture, "/rest/v1/users", "", USERS, ROUTE_LIST, "public");
    assert_found(fixture, "/rest/v1/log/5", "", LOG, ROUTE_ROW, "audit");
    assert_int_equal(match_with(fixture, "GET", "/api/users", AUDIT), OK);
    assert_ptr_equal(fixture->route.resource, &fixture->resources[USERS]);
    assert_int_equal(fixture->route.schema.len, 0);
}

static void what_is_not_in_the_schema_is_not_there(void **state)
{
    static const char *const paths[] = {"/rest/v1/log",   "/rest/v1/hidden",   "/rest/v1",
                                        "/rest/v1/",      "/rest/v1/users/",   "/rest/v1/users/1/2",
                                        "/rest/v1/other", "/rest/v1/users/1/", "/rest/v1/users/top/2"};
    struct fixture *fixture = *state;
    make_two_schemas(fixture);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        assert_int_equal(match_with(fixture, "GET", paths[i], PUBLIC), ERR_PROBLEM);
        assert_int_equal(fixture->problem.status, 404);
        assert_slice(fixture->problem.pg_code, "PGRST205");
    }
    assert_int_equal(match_with(fixture, "GET", "/rest/v1/users/%2e", PUBLIC), ERR_PROBLEM);
    assert_slice(fixture->problem.code, "bad-path");
}

static void queries_are_of_no_schema(void **state)
{
    struct fixture *fixture = *state;
    make_two_schemas(fixture);
    assert_int_equal(match_with(fixture, "GET", "/rest/v1/users/top", AUDIT), OK);
    assert_ptr_equal(fixture->route.query, &fixture->queries[USERS_TOP]);
    assert_int_equal(match_with(fixture, "GET", "/rest/v1/stats", PUBLIC), OK);
    assert_ptr_equal(fixture->route.query, &fixture->queries[STATS_QUERY]);
}

static void an_unknown_schema_is_a_406_in_postgrests_words(void **state)
{
    struct fixture *fixture = *state;
    make_two_schemas(fixture);
    assert_int_equal(match_with(fixture, "GET", "/rest/v1/users", "Accept-Profile: secret\r\n"), ERR_PROBLEM);
    assert_int_equal(fixture->problem.status, 406);
    assert_slice(fixture->problem.pg_code, "PGRST106");
    assert_slice(fixture->problem.detail, "The schema must be one of the following: public, audit");
    assert_slice(fixture->problem.place, "Accept-Profile");
    assert_int_equal(match_with(fixture, "POST", "/rest/v1/users", "Content-Profile: x\r\n"), ERR_PROBLEM);
    assert_slice(fixture->problem.place, "Content-Profile");
    assert_int_equal(match_with(fixture, "POST", "/rest/v1/users", "Accept-Profile: x\r\n"), ERR_PROBLEM);
    assert_slice(fixture->problem.code, "method-not-allowed");
}

/* --- templates --- */

static void assert_template(struct fixture *fixture, const char *path, const char *header,
                            const char *template)
{
    (void)match_with(fixture, "GET", path, header);
    assert_slice(route_template(fixture->table, fixture->route.number), template);
}

static void a_request_is_counted_by_its_template_not_its_path(void **state)
{
    struct fixture *fixture = *state;
    assert_template(fixture, "/api/users", "", "/api/users");
    assert_template(fixture, "/api/users/5", "", "/api/users/{id}");
    assert_template(fixture, "/api/%75sers/5%2e", "", "/api/users/{id}");
    assert_template(fixture, "/rest/v1/users/top", "", "/rest/v1/users/top");
    assert_template(fixture, "/health", "", "/health");
    assert_int_equal(match(fixture, "DELETE", "/api/stats"), ERR_PROBLEM); /* a method that is not possible */
    assert_slice(route_template(fixture->table, fixture->route.number), "/api/stats");
    assert_int_equal(match(fixture, "GET", "/api/nothing"), ERR_PROBLEM);
    assert_int_equal(fixture->route.number, 0);
    assert_int_equal(match(fixture, "OPTIONS", "*"), OK);
    assert_int_equal(fixture->route.number, 0);
}

static void in_a_schema_it_is_the_resources_own_template(void **state)
{
    struct fixture *fixture = *state;
    make_two_schemas(fixture);
    assert_template(fixture, "/rest/v1/users", AUDIT, "/rest/v1/log");
    assert_template(fixture, "/rest/v1/users/5", AUDIT, "/rest/v1/log/{id}");
    assert_template(fixture, "/rest/v1/users/5", PUBLIC, "/rest/v1/users/{id}");
    /* Without a schema the query has the path: what is reached by its schema alone has no template of its own. */
    assert_int_equal(match_with(fixture, "GET", "/rest/v1/stats/5", AUDIT), OK);
    assert_int_equal(fixture->route.number, 0);
}

static void each_template_stands_once(void **state)
{
    struct fixture *fixture = *state;
    unsigned count = route_template_count(fixture->table);
    assert_true(count > 0);
    for (unsigned i = 1; i <= count; i++)
        for (unsigned j = 1; j < i; j++)
            assert_false(slice_eq(route_template(fixture->table, i), route_template(fixture->table, j)));
}

/* ---- other services ---- */

#define METHODS_ALL ((1u << HTTP_OTHER) - 1)

enum { WHOLE, LEGACY, CLOSED, ROOT };

static const struct config_upstream services[] = {
    [WHOLE] = {.path = {.text = SLICE_INIT("/api/users/me")}, .methods = METHODS_ALL, .read = ROLE_ANONYMOUS},
    [LEGACY] = {.path = {.text = SLICE_INIT("/legacy/app/")},
                .is_prefix = true,
                .methods = 1u << HTTP_GET | 1u << HTTP_OPTIONS,
                .read = ROLE_ANONYMOUS,
                .write = ROLE_ANONYMOUS},
    [CLOSED] = {.path = {.text = SLICE_INIT("/legacy/closed/")}, .is_prefix = true, .methods = METHODS_ALL},
    [ROOT] = {.path = {.text = SLICE_INIT("/")},
              .is_prefix = true,
              .methods = METHODS_ALL,
              .read = ROLE_ANONYMOUS,
              .write = ROLE_ANONYMOUS},
};

static void add_services(struct fixture *fixture, unsigned count)
{
    fixture->config.upstreams = (struct config_upstream *)services;
    fixture->config.upstream_count = count;
    remake_table(fixture);
}

#define ASSERT_SERVICE(method, path, which, rest_) \
    do { \
        assert_int_equal(match(fixture, (method), (path)), OK); \
        assert_int_equal(fixture->route.kind, ROUTE_UPSTREAM); \
        assert_ptr_equal(fixture->route.upstream, &services[which]); \
        assert_slice(fixture->route.rest, rest_); \
    } while (0)

static void a_service_has_its_path_and_what_lies_under_its_prefix(void **state)
{
    struct fixture *fixture = *state;
    add_services(fixture, ROOT);
    ASSERT_SERVICE("GET", "/api/users/me", WHOLE, "");
    ASSERT_SERVICE("GET", "/api/users/m%65", WHOLE, "");
    ASSERT_ROW("/api/users/you", USERS, "you");
    ASSERT_SERVICE("GET", "/legacy/app/", LEGACY, "");
    ASSERT_SERVICE("GET", "/legacy/app/a%20b/c/", LEGACY, "a%20b/c/");
    ASSERT_SERVICE("GET", "/l%65gacy/%61pp/a", LEGACY, "a");
    ASSERT_PROBLEM("GET", "/legacy/app", 404, "unknown-path");
    ASSERT_PROBLEM("GET", "/legacy/apple/x", 404, "unknown-path");
    ASSERT_PROBLEM("POST", "/legacy/app/x", 405, "method-not-allowed");
    assert_slice(fixture->problem.allow, "GET, OPTIONS");
    ASSERT_SERVICE("OPTIONS", "/legacy/app/x", LEGACY, "x");
}

static void what_a_service_answers_is_counted_by_its_path_or_prefix(void **state)
{
    struct fixture *fixture = *state;
    add_services(fixture, ROOT + 1);
    assert_template(fixture, "/api/users/me", "", "/api/users/me");
    assert_template(fixture, "/api/users/m%65", "", "/api/users/me");
    assert_template(fixture, "/legacy/app/a/b", "", "/legacy/app/{path}");
    assert_template(fixture, "/l%65gacy/app/a", "", "/legacy/app/{path}");
    assert_template(fixture, "/elsewhere", "", "/{path}");
    assert_int_equal(match(fixture, "POST", "/api/users"), OK); /* passed on */
    assert_slice(route_template(fixture->table, fixture->route.number), "/{path}");
}

static void a_prefix_of_a_service_comes_after_all_that_is_served_here(void **state)
{
    struct fixture *fixture = *state;
    add_services(fixture, ROOT + 1);
    ASSERT_LIST("/api/users", USERS);
    ASSERT_QUERY("/api/users/top", USERS_TOP);
    ASSERT_SERVICE("GET", "/api/hidden", ROOT, "api/hidden");
    ASSERT_SERVICE("GET", "/", ROOT, "");
    ASSERT_SERVICE("POST", "/api/users", ROOT, "api/users");
    ASSERT_SERVICE("DELETE", "/api/users/1", ROOT, "api/users/1");
    assert_true(fixture->route.body);
    assert_int_equal(match(fixture, "OPTIONS", "/api/users"), OK);
    assert_true(fixture->route.preflight);
    ASSERT_PROBLEM("TRACE", "/x", 405, "method-not-allowed");
}

static void what_a_longer_prefix_closes_a_shorter_one_does_not_open(void **state)
{
    struct fixture *fixture = *state;
    add_services(fixture, ROOT + 1);
    ASSERT_PROBLEM("GET", "/legacy/closed/x", 404, "unknown-path");
    ASSERT_PROBLEM("GET", "/legacy/close%64/x", 404, "unknown-path");
    ASSERT_PROBLEM("POST", "/legacy/app/x", 405, "method-not-allowed");
}

static void what_hides_a_slash_goes_to_no_service(void **state)
{
    struct fixture *fixture = *state;
    add_services(fixture, ROOT + 1);
    ASSERT_PROBLEM("GET", "/legacy%2fclosed/x", 400, "bad-path");
    ASSERT_PROBLEM("GET", "/x/..%5cclosed", 400, "bad-path");
    ASSERT_PROBLEM("GET", "/x/%0d%0aX:y", 400, "bad-path");
    ASSERT_PROBLEM("GET", "/x/../legacy/closed/", 400, "bad-path");
    ASSERT_PROBLEM("GET", "//legacy/closed/", 400, "bad-path");
}

static void options_is_ours_where_cors_is(void **state)
{
    struct fixture *fixture = *state;
    add_services(fixture, ROOT + 1);
    fixture->config.cors_count = 1;
    assert_int_equal(match(fixture, "OPTIONS", "/x"), OK);
    assert_true(fixture->route.preflight);
    assert_slice(fixture->route.allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
    TEST(lists_rows_and_queries_are_found_in_both_manners),
    TEST(health_is_built_in),
    TEST(nobody_can_take_the_place_of_health),
    TEST(a_fixed_path_beats_an_id_and_a_query_a_resource),
    TEST(of_two_prefixes_that_claim_a_path_the_longer_has_it),
    TEST(the_root_may_be_a_prefix),
    TEST(what_tells_of_the_api_is_there_unless_it_is_off),
    TEST(what_nobody_may_read_is_not_there),
    TEST(queries_and_rows_have_no_rows),
    TEST(escapes_are_undone_but_for_the_id),
    TEST(an_encoded_slash_parts_nothing),
    TEST(dot_segments_and_bad_escapes_are_refused),
    TEST(an_unknown_path_says_what_may_have_been_meant),
    TEST(a_problem_is_told_in_the_manner_of_its_prefix),
    TEST(a_path_is_read_and_nothing_else),
    TEST(what_may_be_written_is_allowed_and_nothing_else),
    TEST(options_is_answered_where_something_is),
    TEST(a_very_long_path_is_shown_cut),
    TEST(a_match_takes_no_memory),
    TEST(in_a_schema_a_resource_is_found_by_its_name_or_its_tables),
    TEST(a_resources_own_name_goes_before_its_tables),
    TEST(without_a_schema_names_lead_where_they_do_and_of_several_it_is_told),
    TEST(what_is_not_in_the_schema_is_not_there),
    TEST(queries_are_of_no_schema),
    TEST(an_unknown_schema_is_a_406_in_postgrests_words),
    TEST(a_request_is_counted_by_its_template_not_its_path),
    TEST(in_a_schema_it_is_the_resources_own_template),
    TEST(each_template_stands_once),
    TEST(a_service_has_its_path_and_what_lies_under_its_prefix),
    TEST(what_a_service_answers_is_counted_by_its_path_or_prefix),
    TEST(a_prefix_of_a_service_comes_after_all_that_is_served_here),
    TEST(what_a_longer_prefix_closes_a_shorter_one_does_not_open),
    TEST(what_hides_a_slash_goes_to_no_service),
    TEST(options_is_ours_where_cors_is),
};

UNIT_TEST_MAIN(tests)
