/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a real PostgreSQL, as the catalogue tells them, and as `functions:` serves them; and what is said of mistakes. */
#include "lib/mistakes.h"

#include "base/buf.h"
#include "loading.h"

static const char tables_sql[] = "CREATE TABLE items (id int PRIMARY KEY, name varchar(40) NOT NULL);";

static const char functions_sql[] =
    "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TYPE a.mood AS ENUM ('sad', 'glad'); CREATE TYPE a.pair AS (x int, y a.mood);"
    "CREATE FUNCTION add(one int, two int DEFAULT 2, three bigint DEFAULT 3) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT one + two + three';"
    "COMMENT ON FUNCTION add(int, int, bigint) IS 'adds them';"
    "CREATE FUNCTION add(text, mood a.mood) RETURNS text LANGUAGE sql AS 'SELECT $1';"
    "CREATE FUNCTION nothing() RETURNS void LANGUAGE sql AS '';"
    "CREATE FUNCTION joined(VARIADIC parts text[]) RETURNS text STABLE LANGUAGE sql AS 'SELECT parts[1]';"
    "CREATE FUNCTION numbers(most int) RETURNS SETOF int STABLE LANGUAGE sql AS 'SELECT 1';"
    "CREATE FUNCTION found(wanted text) RETURNS SETOF items STABLE LANGUAGE sql AS 'SELECT * FROM items';"
    "CREATE FUNCTION one_pair() RETURNS a.pair LANGUAGE sql AS 'SELECT NULL::a.pair';"
    "CREATE FUNCTION tabled(n int) RETURNS TABLE (k int, v numeric(4,2)) LANGUAGE sql AS 'SELECT 1, 2.0';"
    "CREATE FUNCTION outs(INOUT a int, OUT b text, IN c date, OUT timestamptz) LANGUAGE sql AS 'SELECT 1, NULL::text, now()';"
    "CREATE FUNCTION out_one(x int, OUT int) LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION out_two(OUT n int) LANGUAGE sql AS 'SELECT 1';"
    "CREATE FUNCTION any_record() RETURNS record LANGUAGE sql AS 'SELECT 1, 2';"
    "CREATE FUNCTION \"Odd \"\"name\"() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    "CREATE FUNCTION generic(x anyelement) RETURNS int LANGUAGE sql AS 'SELECT 1';"
    "CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
    "CREATE PROCEDURE done() LANGUAGE sql AS ''; CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);"
    "CREATE FUNCTION shut() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION shut FROM public;"
    "CREATE FUNCTION a.twice() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION b.twice() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    "CREATE FUNCTION a.pairs() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION pairs() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    "CREATE FUNCTION a.only() RETURNS SETOF items LANGUAGE sql AS 'SELECT * FROM items'; CREATE FUNCTION a.only(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
    "CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA a TO guest;";

/* Not in *state: there the mistakes are. */
static struct world *world;
static char guest_url[128];

static int start(void **state)
{
    (void)state;
    world = world_new(tables_sql);
    postgres_psql(world->server, functions_sql);
    snprintf(guest_url, sizeof guest_url, "postgresql://guest@127.0.0.1:%u/leat",
             postgres_port(world->server));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

/* ---- as the catalogue tells them ---- */

static void write_function(struct buf *out, const struct function *function)
{
    static const char *const volatilities[] = {"immutable", "stable", "volatile"};
    buf_format(out, SLICE_FMT "(", SLICE_ARG(function->sql));
    for (unsigned i = 0; i < function->arg_count; i++) {
        const struct function_arg *arg = &function->args[i];
        buf_format(out, "%s%s" SLICE_FMT ":" SLICE_FMT "%s", i ? ", " : "", arg->variadic ? "variadic " : "",
                   SLICE_ARG(arg->name), SLICE_ARG(arg->type.name), arg->optional ? "?" : "");
    }
    buf_format(out, ") %s %s", volatilities[function->volatility], function->returns_set ? "set of " : "");
    if (function->returns_void)
        buf_lit(out, "void");
    else if (function->column_count == 0)
        buf_format(out, SLICE_FMT, SLICE_ARG(function->type.name));
    for (unsigned i = 0; i < function->column_count; i++)
        buf_format(out, "%s" SLICE_FMT SLICE_FMT "%s", i ? ", " : "", SLICE_ARG(function->columns[i].json),
                   SLICE_ARG(function->columns[i].type.name), function->columns[i].nullable ? "" : "!");
    if (function->row_table)
        buf_format(out, " of " SLICE_FMT, SLICE_ARG(function->row_table->sql));
    buf_byte(out, '\n');
}

static void functions_are_told_with_what_goes_in_and_comes_out(void **state)
{
    (void)state;
    static const char expected[] =
        "\"a\".\"only\"() volatile set of \"id\":integer!, \"name\":character varying! of \"public\".\"items\"\n"
        "\"a\".\"only\"(:integer) volatile integer\n"
        "\"a\".\"pairs\"() volatile integer\n"
        "\"a\".\"twice\"() volatile integer\n"
        "\"b\".\"twice\"() volatile integer\n"
        "\"public\".\"Odd \"\"name\"() volatile integer\n"
        "\"public\".\"add\"(one:integer, two:integer?, three:bigint?) immutable bigint\n"
        "\"public\".\"add\"(:text, mood:a.mood) volatile text\n"
        "\"public\".\"any_record\"() volatile record\n"
        "\"public\".\"found\"(wanted:text) stable set of \"id\":integer!, \"name\":character varying! of \"public\".\"items\"\n"
        "\"public\".\"joined\"(variadic parts:text[]) stable text\n"
        "\"public\".\"nothing\"() volatile void\n"
        "\"public\".\"numbers\"(most:integer) stable set of integer\n"
        "\"public\".\"one_pair\"() volatile \"x\":integer, \"y\":a.mood\n"
        "\"public\".\"out_one\"(x:integer) volatile integer\n"
        "\"public\".\"out_two\"() volatile \"n\":integer\n"
        "\"public\".\"outs\"(a:integer, c:date) volatile \"a\":integer, \"b\":text, \"column3\":timestamp with time zone\n"
        "\"public\".\"pairs\"() volatile integer\n"
        "\"public\".\"shut\"() volatile integer\n"
        "\"public\".\"tabled\"(n:integer) volatile set of \"k\":integer, \"v\":numeric\n";
    struct building *building = build_from(world->urls[DIALECT_PG], "functions: {add: {call: anonymous}}");
    struct buf text;
    buf_init(&text, 1 << 16);
    for (unsigned i = 0; i < building->catalog->function_count; i++)
        write_function(&text, &building->catalog->functions[i]);
    buf_byte(&text, 0);
    assert_string_equal(text.data, expected);
    buf_done(&text);
    building_free(building);
}

static void types_and_comments_of_functions_are_whole(void **state)
{
    (void)state;
    struct building *building = build_from(world->urls[DIALECT_PG], "functions: {add: {call: anonymous}}");
    const struct rpc *rpc = &building->model->rpcs[0];
    assert_int_equal(rpc->overload_count, 2);
    assert_slice(rpc->overloads[0]->comment, "adds them");
    assert_slice(rpc->overloads[1]->comment, "");
    const struct type *mood = &rpc->overloads[1]->args[1].type;
    assert_int_equal(mood->kind, VALUE_ENUM);
    assert_int_equal(mood->label_count, 2);
    assert_int_equal(rpc->overloads[0]->args[2].type.bits, 64);
    building_free(building);
}

static void nothing_is_read_where_no_function_is_served(void **state)
{
    (void)state;
    struct building *building = build_from(world->urls[DIALECT_PG], "resources: {items: {}}");
    assert_int_equal(building->catalog->function_count, 0);
    assert_int_equal(building->model->rpc_count, 0);
    building_free(building);
}

/* ---- as they are served ---- */

static void a_function_is_served_with_all_of_its_overloads(void **state)
{
    (void)state;
    struct building *building = build_from(
        world->urls[DIALECT_PG],
        "functions: {pairs: {call: anonymous}, a.twice: {call: anonymous}, sum: {function: add, call: anonymous},"
        " only: {call: anonymous}, odd: {function: 'Odd \"name', call: anonymous}}");
    static const struct {
        const char *name, *sql;
        unsigned overloads;
    } expected[] = {{"pairs", "\"public\".\"pairs\"", 1},
                    {"twice", "\"a\".\"twice\"", 1},
                    {"sum", "\"public\".\"add\"", 2},
                    {"only", "\"a\".\"only\"", 2},
                    {"odd", "\"public\".\"Odd \"\"name\"", 1}};
    assert_said(building, "");
    assert_int_equal(building->model->rpc_count, ARRAY_LEN(expected));
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
        const struct rpc *rpc = &building->model->rpcs[i];
        assert_int_equal(rpc->index, i);
        assert_slice(rpc->config->name.text, expected[i].name);
        assert_int_equal(rpc->overload_count, expected[i].overloads);
        for (unsigned j = 0; j < rpc->overload_count; j++)
            assert_slice(rpc->overloads[j]->sql, expected[i].sql);
    }
    building_free(building);
}

static void rows_of_a_table_belong_to_its_resource_if_all_overloads_return_them(void **state)
{
    (void)state;
    struct building *building = build_from(
        world->urls[DIALECT_PG],
        "resources: {things: {table: items}, items: {}}\n"
        "functions: {found: {call: anonymous}, a.only: {call: anonymous}, tabled: {call: anonymous}}");
    const struct model *model = building->model;
    assert_ptr_equal(model->rpcs[0].resource, &model->resources[0]);
    assert_null(model->rpcs[1].resource);
    assert_null(model->rpcs[2].resource);
    building_free(building);
    building = build_from(world->urls[DIALECT_PG], "functions: {found: {call: anonymous}}");
    assert_null(building->model->rpcs[0].resource);
    building_free(building);
}

static void a_role_has_the_functions_that_it_may_execute(void **state)
{
    (void)state;
    struct building *building =
        build_from(guest_url, "functions: {shut: {call: anonymous}, b.twice: {call: anonymous}}");
    assert_null(building->model);
    assert_said(
        building,
        "leat.yaml:3:13: the database has no function `shut` to be called: procedures, triggers, and what the role"
        " may not execute are none\n"
        "leat.yaml:3:38: the database has no function `b.twice` to be called: did you mean `a.twice`?\n");
    building_free(building);
}

static void the_argument_that_is_the_tenant_is_no_clients(void **state)
{
    (void)state;
    struct building *building = build_from(world->urls[DIALECT_PG],
                                           "auth: {tenant: name, roles: v}\n"
                                           "functions: {found: {call: v, tenant: wanted}, numbers: {call: v, "
                                           "tenant: none}}");
    assert_said(building, "");
    const struct model *model = building->model;
    assert_slice(model->rpcs[0].overloads[0]->tenant->name, "wanted");
    assert_int_equal(model->rpcs[0].overloads[0]->arg_count, 0);
    assert_null(model->rpcs[1].overloads[0]->tenant);
    assert_int_equal(model->rpcs[1].overloads[0]->arg_count, 1);
    building_free(building);
}

static void sqlite_has_no_functions(void **state)
{
    (void)state;
    struct building *building =
        build_from(world->urls[DIALECT_SQLITE],
                   "functions:\n  add: {call: anonymous}\n  pairs: {call: anonymous}\n");
    assert_null(building->model);
    assert_said(building,
                "leat.yaml:4:3: `functions`: only PostgreSQL has functions: take it out, or write a query\n");
    building_free(building);
}

static const struct mistake mistakes[] = {
    {"functions: {ad: {call: anonymous}}",
     "leat.yaml:3:13: the database has no function `ad` to be called: did you mean `add`?\n"},
    {"functions: {x: {function: a.piars, call: anonymous}}",
     "leat.yaml:3:27: the database has no function `a.piars` to be called: did you mean `a.pairs`?\n"},
    {"functions: {twice: {call: anonymous}}",
     "leat.yaml:3:13: several schemas have a function `twice`: write `schema.twice`\n"},
    {"functions: {b.pairs: {call: anonymous}}",
     "leat.yaml:3:13: the database has no function `b.pairs` to be called: did you mean `a.pairs`?\n"},
    {"functions: {now: {call: anonymous}}",
     "leat.yaml:3:13: the database has no function `now` to be called: procedures, triggers, and what the role may not execute are none\n"},
    {"functions: {generic: {call: anonymous}}",
     "leat.yaml:3:13: the database has no function `generic` to be called: procedures, triggers, and what the role may not execute are none\n"},
    {"functions: {fires: {call: anonymous}, done: {call: anonymous}, total: {call: anonymous}}",
     "leat.yaml:3:13: the database has no function `fires` to be called: procedures, triggers, and what the role may not execute are none\n"
     "leat.yaml:3:39: the database has no function `done` to be called: procedures, triggers, and what the role may not execute are none\n"
     "leat.yaml:3:64: the database has no function `total` to be called: procedures, triggers, and what the role may not execute are none\n"},
    {"auth: {tenant: name, roles: v}\nfunctions: {found: {call: v}}",
     "leat.yaml:4:13: function `found`: the database does not tell what it reads: name the argument that is the caller's tenant by `tenant:`, or say `tenant: none`\n"},
    {"auth: {tenant: name, roles: v}\nfunctions: {found: {call: [v, anonymous], tenant: none}}",
     "leat.yaml:4:51: function `found`: `tenant: none` opens rows of all tenants: name a role by `call:`\n"},
    {"auth: {tenant: name, roles: v}\nfunctions: {add: {call: v, tenant: mood}}",
     "leat.yaml:4:36: `tenant`: function `add` has no argument `mood` of integers, UUIDs or texts (each of that name must)\n"},
};

static void is_told_word_for_word(void **state)
{
    const struct mistake *mistake = *state;
    struct building *building = build_from(world->urls[DIALECT_PG], mistake->text);
    assert_null(building->model);
    assert_said(building, mistake->said);
    building_free(building);
}

int main(void)
{
    const struct CMUnitTest sentences[] = {
        cmocka_unit_test(functions_are_told_with_what_goes_in_and_comes_out),
        cmocka_unit_test(types_and_comments_of_functions_are_whole),
        cmocka_unit_test(nothing_is_read_where_no_function_is_served),
        cmocka_unit_test(a_function_is_served_with_all_of_its_overloads),
        cmocka_unit_test(rows_of_a_table_belong_to_its_resource_if_all_overloads_return_them),
        cmocka_unit_test(a_role_has_the_functions_that_it_may_execute),
        cmocka_unit_test(the_argument_that_is_the_tenant_is_no_clients),
        cmocka_unit_test(sqlite_has_no_functions),
    };
    struct CMUnitTest tests[ARRAY_LEN(sentences) + ARRAY_LEN(mistakes)];
    memcpy(tests, sentences, sizeof sentences);
    mistakes_add(mistakes, ARRAY_LEN(mistakes), is_told_word_for_word, tests + ARRAY_LEN(sentences));
    return cmocka_run_group_tests_name(__FILE__, tests, start, stop);
}
