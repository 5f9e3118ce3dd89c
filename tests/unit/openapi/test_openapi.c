/* SPDX-License-Identifier: Apache-2.0 */
/* The document of a model: every type's schema, what CHECKs and defaults add, what rights take away, names that could collide. Flow tests
 * hold it against the standard and against what is really answered. */
#include "lib/unit.h"

#include <stdio.h>

#include "base/check.h"
#include "base/json.h"
#include "openapi/openapi.h"

struct fixture {
    struct arena arena;
    struct complaints complaints;
    struct config *config;
    struct catalog *catalog;
    struct model *model;
    struct buf out;
};

static struct slice mood[] = {SLICE_INIT("happy"), SLICE_INIT("it's \"so\"")};

#define TYPE(kind_, name_, ...) \
    { \
        .kind = (kind_), .name = SLICE_INIT(name_), .orderable = true, __VA_ARGS__ \
    }

/* One of each kind. */
static const struct {
    const char *name;
    struct type type;
} kinds[] = {
    {"id", TYPE(VALUE_INT, "bigint", .bits = 64)},
    {"c_bool", TYPE(VALUE_BOOL, "boolean")},
    {"c_small", TYPE(VALUE_INT, "smallint", .bits = 16)},
    {"c_int", TYPE(VALUE_INT, "integer", .bits = 32)},
    {"c_numeric", TYPE(VALUE_NUMERIC, "numeric(12,2)")},
    {"c_real", TYPE(VALUE_FLOAT, "real", .bits = 32)},
    {"c_double", TYPE(VALUE_FLOAT, "double precision", .bits = 64)},
    {"c_text", TYPE(VALUE_TEXT, "text")},
    {"c_varchar", TYPE(VALUE_TEXT, "character varying", .length_max = 20)},
    {"c_uuid", TYPE(VALUE_UUID, "uuid")},
    {"c_date", TYPE(VALUE_DATE, "date")},
    {"c_timestamp", TYPE(VALUE_TIMESTAMP, "timestamp without time zone")},
    {"c_timestamptz", TYPE(VALUE_TIMESTAMPTZ, "timestamp with time zone")},
    {"c_time", TYPE(VALUE_TIME, "time without time zone")},
    {"c_timetz", TYPE(VALUE_TIMETZ, "time with time zone")},
    {"c_interval", TYPE(VALUE_INTERVAL, "interval")},
    {"c_bytea", TYPE(VALUE_BYTEA, "bytea")},
    {"c_mood", TYPE(VALUE_ENUM, "public.mood", .labels = mood, .label_count = 2)},
    {"c_json", {.kind = VALUE_JSON, .name = SLICE_INIT("json")}},
    {"c_jsonb", TYPE(VALUE_JSON, "jsonb")},
    {"c_ints", TYPE(VALUE_OTHER, "integer[]", .is_array = true)},
    {"c_range", TYPE(VALUE_OTHER, "int4range")},
    {"c_point", {.kind = VALUE_OTHER, .name = SLICE_INIT("point")}},
};

static struct column *add_column(struct catalog *catalog, struct table *table, const char *name,
                                 struct type type)
{
    struct column *column = &table->columns[table->column_count];
    *column = (struct column){.name = slice_str(name), .type = type, .deterministic = true};
    column->position = table->column_count++;
    column_names_make(&catalog->arena, column);
    return column;
}

static struct table *add_table(struct catalog *catalog, const char *name)
{
    struct table *table = &catalog->tables[catalog->table_count++];
    *table = (struct table){.schema = catalog->dialect == DIALECT_PG ? SLICE("public") : SLICE("main"),
                            .name = slice_str(name),
                            .insertable = true,
                            .updatable = true,
                            .deletable = true,
                            .key_count = 1};
    table->columns = ARENA_ARRAY(&catalog->arena, struct column, 32);
    table->key = ARENA_ARRAY(&catalog->arena, unsigned, 2);
    return table;
}

/* kinds (one column of each), a view without a key, owners. */
static struct catalog *catalog_make(enum dialect dialect)
{
    static const struct type integer = TYPE(VALUE_INT, "bigint", .bits = 64), text = TYPE(VALUE_TEXT, "text");
    struct catalog *catalog = catalog_new(dialect);
    catalog->tables = ARENA_ARRAY(&catalog->arena, struct table, 8);
    struct table *table = add_table(catalog, "kinds");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        add_column(catalog, table, kinds[i].name, kinds[i].type);
    table = add_table(catalog, "view");
    table->kind = TABLE_VIEW;
    table->key_count = 0;
    table->insertable = table->updatable = table->deletable = false;
    add_column(catalog, table, "total", integer);
    table = add_table(catalog, "owners");
    table->comment = SLICE("Who owns \"things\".");
    add_column(catalog, table, "id", integer)->has_default = true;
    add_column(catalog, table, "name", text)->comment = SLICE("As on the passport.");
    add_column(catalog, table, "born", integer)->nullable = true;
    add_column(catalog, table, "status", text);
    add_column(catalog, table, "made_at", text)->has_default = true;
    add_column(catalog, table, "secret", text);
    add_column(catalog, table, "limit", integer)->nullable = true;
    add_column(catalog, table, "odd, name", integer)->nullable = true;
    return catalog;
}

static void open_model(struct fixture *f, enum dialect dialect, const char *yaml)
{
    char text[2000];
    snprintf(text, sizeof text, "database: sqlite:/x\ndefaults: {read: anonymous}\n%s", yaml);
    arena_init(&f->arena, 4096);
    f->complaints.arena = &f->arena;
    f->catalog = catalog_make(dialect);
    assert_int_equal(config_load_bytes("leat.yaml", slice_str(text), NULL, 0, &f->complaints, &f->config),
                     OK);
    assert_int_equal(model_build(f->config, f->catalog, &f->complaints, &f->model), OK);
    buf_init(&f->out, 1 << 22);
}

static void write_document(struct fixture *f)
{
    buf_clear(&f->out);
    openapi_write(f->model, ROLE_ANONYMOUS, &f->out);
    assert_false(f->out.failed);
    assert_true(json_is_valid(buf_slice(&f->out)));
}

static void close_model(struct fixture *f)
{
    buf_done(&f->out);
    model_unref(f->model);
    arena_done(&f->arena);
}

static bool has(const struct fixture *f, const char *fragment)
{
    return memmem(f->out.data, f->out.len, fragment, strlen(fragment)) != NULL;
}

#define assert_says(f, fragment) \
    do { \
        if (!has(f, fragment)) { \
            print_error("%s\n is not in:\n%.*s\n", fragment, (int)(f)->out.len, (f)->out.data); \
            fail(); \
        } \
    } while (0)
#define assert_silent(f, fragment) assert_false(has(f, fragment))

static struct resource *resource_of(struct fixture *f, const char *name)
{
    for (unsigned i = 0; i < f->model->resource_count; i++)
        if (slice_eq(f->model->resources[i].config->name.text, slice_str(name)))
            return &f->model->resources[i];
    fail();
    return NULL;
}

static struct table *table_of(struct fixture *f, const char *name)
{
    for (unsigned i = 0; i < f->catalog->table_count; i++)
        if (slice_eq(f->catalog->tables[i].name, slice_str(name)))
            return &f->catalog->tables[i];
    fail();
    return NULL;
}

/* ---- types ---- */

static void every_type_of_postgresql_has_its_schema(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "\"id\":{\"type\":\"integer\",\"format\":\"int64\",\"x-sql-type\":\"bigint\",\"x-key\":true}",
        "\"c_bool\":{\"type\":\"boolean\",\"x-sql-type\":\"boolean\"}",
        "\"c_small\":{\"type\":\"integer\",\"format\":\"int16\",\"x-sql-type\":\"smallint\"}",
        "\"c_int\":{\"type\":\"integer\",\"format\":\"int32\",\"x-sql-type\":\"integer\"}",
        "\"c_numeric\":{\"type\":\"number\",\"x-sql-type\":\"numeric(12,2)\"}",
        "\"c_real\":{\"type\":\"number\",\"format\":\"float\",\"x-sql-type\":\"real\"}",
        "\"c_double\":{\"type\":\"number\",\"format\":\"double\",\"x-sql-type\":\"double precision\"}",
        "\"c_text\":{\"type\":\"string\",\"x-sql-type\":\"text\"}",
        "\"c_varchar\":{\"type\":\"string\",\"maxLength\":20,\"x-sql-type\":\"character varying\"}",
        "\"c_uuid\":{\"type\":\"string\",\"format\":\"uuid\",\"x-sql-type\":\"uuid\"}",
        "\"c_date\":{\"type\":\"string\",\"format\":\"date\",\"x-sql-type\":\"date\"}",
        "\"c_timestamp\":{\"type\":\"string\",\"format\":\"date-time-local\",",
        "\"c_timestamptz\":{\"type\":\"string\",\"format\":\"date-time\",",
        "\"c_time\":{\"type\":\"string\",\"format\":\"time-local\",",
        "\"c_timetz\":{\"type\":\"string\",\"x-sql-type\"",
        "\"c_interval\":{\"type\":\"string\",\"x-sql-type\":\"interval\"}",
        "\"c_bytea\":{\"type\":\"string\",\"pattern\":\"^\\\\\\\\x([0-9a-f]{2})*$\",\"x-sql-type\":\"bytea\"}",
        "\"c_mood\":{\"type\":\"string\",\"enum\":[\"happy\",\"it's \\\"so\\\"\"],\"x-sql-type\":\"public.mood\"}",
        "\"c_json\":{\"x-sql-type\":\"json\"}",
        "\"c_jsonb\":{\"x-sql-type\":\"jsonb\"}",
        "\"c_ints\":{\"type\":\"array\",\"items\":{\"type\":[\"integer\",\"null\",\"array\"]},\"x-sql-type\"",
        "\"c_range\":{\"x-sql-type\":\"int4range\"}",
        "\"c_point\":{\"x-sql-type\":\"point\"}",
    };
    struct fixture f = {0};
    open_model(&f, DIALECT_PG, "resources: {kinds: {}}");
    write_document(&f);
    for (size_t i = 0; i < ARRAY_LEN(schemas); i++)
        assert_says(&f, schemas[i]);
    close_model(&f);
}

static void what_may_be_null_says_so_in_type_and_enum(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_model(&f, DIALECT_PG, "resources: {kinds: {}}");
    for (unsigned i = 1; i < table_of(&f, "kinds")->column_count; i++)
        table_of(&f, "kinds")->columns[i].nullable = true;
    write_document(&f);
    assert_says(&f, "\"c_bool\":{\"type\":[\"boolean\",\"null\"],");
    assert_says(&f,
                "\"c_mood\":{\"type\":[\"string\",\"null\"],\"enum\":[\"happy\",\"it's \\\"so\\\"\",null],");
    assert_says(&f, "\"c_ints\":{\"type\":[\"array\",\"null\"],");
    assert_says(&f, "\"c_json\":{\"x-sql-type\":\"json\"}");
    close_model(&f);
}

static void each_columns_filter_has_the_operators_of_its_type(void **state)
{
    (void)state;
    static const struct {
        const char *column, *on_pg, *on_sqlite;
    } filters[] = {
        {"id", "number", "number"},       {"c_bool", "boolean", "boolean"}, {"c_text", "text", "text"},
        {"c_uuid", "value", "value"},     {"c_date", "time", "time"},       {"c_timestamptz", "time", "time"},
        {"c_interval", "value", "value"}, {"c_bytea", "value", "bytes"},    {"c_mood", "value", "value"},
        {"c_json", "json", "null"},       {"c_jsonb", "jsonb", "null"},     {"c_ints", "array", "array"},
        {"c_range", "range", "range"},    {"c_point", "null", "null"},
    };
    for (enum dialect dialect = DIALECT_PG; dialect <= DIALECT_SQLITE; dialect++) {
        struct fixture f = {0};
        open_model(&f, dialect, "resources: {kinds: {}}");
        write_document(&f);
        for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
            char text[300];
            snprintf(
                text, sizeof text,
                "\"kinds.%s\":{\"name\":\"%s\",\"in\":\"query\",\"schema\":{\"$ref\":\"#/components/schemas/filter.%s\"}}",
                filters[i].column, filters[i].column,
                dialect == DIALECT_PG ? filters[i].on_pg : filters[i].on_sqlite);
            assert_says(&f, text);
        }
        close_model(&f);
    }
}

/* ---- what the catalogue says more ---- */

static struct check_constraint owner_checks[] = {
    {SLICE_INIT("a"), SLICE_INIT("((born > 1900) AND (born <= 2100))")},
    {SLICE_INIT("b"), SLICE_INIT("(status = ANY (ARRAY['on'::text, 'off'::text]))")},
    {SLICE_INIT("c"), SLICE_INIT("(length(name) >= 2)")},
    {SLICE_INIT("d"), SLICE_INIT("(name ~ '^[A-Z]'::text)")},
};

static void checks_comments_and_defaults_are_in_the_schema(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_model(&f, DIALECT_PG, "resources: {owners: {}}");
    struct table *table = table_of(&f, "owners");
    table->checks = owner_checks;
    table->check_count = ARRAY_LEN(owner_checks);
    table->columns[3].fallback = SLICE("'o''n'::text");
    table->columns[4].fallback = SLICE("now()");
    table->columns[2].fallback = SLICE("1970");
    write_document(&f);
    assert_says(&f, "\"owners\":{\"type\":\"object\",\"description\":\"Who owns \\\"things\\\".\"");
    assert_says(
        &f,
        "\"minLength\":2,\"pattern\":\"^[A-Z]\",\"x-sql-type\":\"text\",\"description\":\"As on the passport.\"");
    assert_says(
        &f,
        "\"born\":{\"type\":[\"integer\",\"null\"],\"format\":\"int64\",\"exclusiveMinimum\":1900,\"maximum\":2100,"
        "\"x-sql-type\":\"bigint\",\"default\":1970}");
    assert_says(&f, "\"enum\":[\"on\",\"off\"],\"x-sql-type\":\"text\",\"default\":\"o'n\"");
    assert_says(&f, "\"x-default\":\"now()\"");
    close_model(&f);
}

static void a_default_that_is_computed_is_none_of_the_schemas(void **state)
{
    (void)state;
    static const char *const computed[] = {"lower('A'::text)", "'a'::text || 'b'::text", "CURRENT_USER",
                                           "''''", "'unclosed"};
    for (size_t i = 0; i < ARRAY_LEN(computed); i++) {
        struct fixture f = {0};
        open_model(&f, DIALECT_PG, "resources: {owners: {}}");
        table_of(&f, "owners")->columns[3].fallback = slice_str(computed[i]);
        write_document(&f);
        bool constant = slice_eq(slice_str(computed[i]), SLICE("''''")); /* a quote, quoted */
        assert_int_equal(has(&f, "\"default\":\"'\""), constant);
        assert_int_equal(has(&f, "\"x-default\":"), !constant);
        close_model(&f);
    }
}

/* ---- names ---- */

static void odd_names_have_components_of_their_own(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_model(&f, DIALECT_PG,
               "resources: {owners: {as: a.b}, kinds: {as: a-2eb, columns: id}, view: {as: http.problem}}");
    write_document(&f);
    assert_says(&f, "\"a-2eb.odd-2c-20name\":{\"name\":\"odd, name\",\"in\":\"query\",");
    assert_says(&f, "\"$ref\":\"#/components/parameters/a-2eb.odd-2c-20name\"");
    assert_says(&f, "\"a-2d2eb.id\":{");
    assert_says(&f, "\"http-2eproblem\":{");
    assert_says(&f, "`\\\"odd, name\\\"`");
    close_model(&f);
}

static void a_column_named_as_a_parameter_is_no_filter(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_model(&f, DIALECT_PG, "resources: {owners: {}}");
    write_document(&f);
    assert_silent(&f, "owners.limit");
    assert_says(&f, "\"limit\":{\"type\":[\"integer\",\"null\"]");
    close_model(&f);
}

/* ---- rights ---- */

static void what_may_not_be_read_is_not_in_it(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_model(&f, DIALECT_PG, "resources: {kinds: {read: none}, owners: {columns: '*,-secret'}}");
    write_document(&f);
    assert_silent(&f, "kinds");
    assert_silent(&f, "c_mood");
    assert_silent(&f, "secret");
    assert_says(&f, "\"/api/owners\":{");
    close_model(&f);
}

static void what_may_be_written_alone_is_not_read(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_model(&f, DIALECT_PG, "resources: {owners: {read: none, write: anonymous}}");
    write_document(&f);
    assert_says(&f, "\"/api/owners\":{\"post\":{");
    assert_silent(&f, "\"get\":");
    assert_silent(&f, "owners.row");
    close_model(&f);
}

static void a_whole_path_of_another_service_is_told_to_those_who_may(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_model(&f, DIALECT_PG,
               "resources: {owners: {}}\n"
               "upstream: {/parse: {url: 'http://a', write: anonymous, methods: [POST]}, /legacy/: "
               "{url: 'http://a', read: anonymous}, /closed: {url: 'http://a', read: none}}");
    write_document(&f);
    assert_says(&f, "\"/parse\":{\"post\":{\"operationId\":\"post_parse\",\"tags\":[\"services\"]");
    assert_silent(&f, "/legacy");
    assert_silent(&f, "/closed");
    assert_silent(&f, "get_parse");
    close_model(&f);
}

static void signals_are_told_to_those_who_may_raise_them(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_model(&f, DIALECT_PG,
               "resources: {owners: {}}\n"
               "signals: {imported: {raise: anonymous}, closed: {raise: none}, written: {on: owners}}");
    write_document(&f);
    assert_says(&f, "\"/api/v1/signals/imported\":{\"post\":{\"operationId\":\"raise_imported\","
                    "\"tags\":[\"signals\"]");
    assert_says(&f, "{\"name\":\"signals\",");
    assert_silent(&f, "signals/closed");
    assert_silent(&f, "signals/written");
    assert_silent(&f, "/rest/v1/v1/signals");
    close_model(&f);
}

static void nothing_writes_where_nobody_may(void **state)
{
    (void)state;
    static const char *const methods[] = {"\"post\":", "\"put\":", "\"patch\":", "\"delete\":",
                                          "owners.create"};
    struct fixture f = {0};
    open_model(&f, DIALECT_PG, "batch: off\nresources: {owners: {}}");
    write_document(&f);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        assert_silent(&f, methods[i]);
    close_model(&f);
}

static void what_may_be_written_says_what_is_needed(void **state)
{
    (void)state;
    static const char *const operations[] = {"create_owners", "replace_owners",    "change_owners",
                                             "remove_owners", "change_all_owners", "remove_all_owners"};
    struct fixture f = {0};
    struct resource_set set = {0};
    open_model(&f, DIALECT_PG, "resources: {owners: {write: anonymous}}");
    struct resource *owners = resource_of(&f, "owners");
    set.column = &owners->table->columns[5];
    owners->set = &set;
    owners->set_count = 1;
    write_document(&f);
    for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
        char text[100];
        snprintf(text, sizeof text, "\"operationId\":\"%s\"", operations[i]);
        assert_says(&f, text);
    }
    assert_says(&f, "\"required\":[\"name\",\"status\"],\"unevaluatedProperties\":false");
    assert_says(&f, "\"secret\":{\"type\":\"string\",\"x-sql-type\":\"text\",\"readOnly\":true}");
    close_model(&f);
}

static void a_view_that_takes_no_rows_is_only_read(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_model(&f, DIALECT_PG, "batch: off\nresources: {view: {write: anonymous}}");
    write_document(&f);
    assert_says(&f, "\"list_view\"");
    assert_silent(&f, "\"post\":");
    assert_silent(&f, "\"delete\":");
    assert_silent(&f, "/{id}");
    assert_silent(&f, "parameters/cursor");
    close_model(&f);
}

/* ---- manners and relations ---- */

static void each_manner_has_its_lists_and_problems(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_model(
        &f, DIALECT_PG,
        "serve: {/api: plain, /rest/v1: postgrest}\n"
        "resources: {owners: {page: {max: 1000, size: 20}, envelope: {people: rows, after: next, more: more}}}");
    write_document(&f);
    assert_says(&f, "\"x-manners\":{\"/api\":\"plain\",\"/rest/v1\":\"postgrest\"}");
    assert_says(&f,
                "\"schema\":{\"type\":\"object\",\"properties\":{\"people\":{\"type\":\"array\",\"items\":"
                "{\"$ref\":\"#/components/schemas/owners\"}},\"after\":{\"type\":[\"string\",\"null\"]");
    assert_says(&f, "\"required\":[\"people\",\"after\",\"more\"]");
    assert_says(&f, "\"schema\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/owners\"}}");
    assert_says(&f, "\"operationId\":\"list_owners\"");
    assert_says(&f, "\"operationId\":\"list_owners.rest.v1\"");
    assert_says(&f, "\"400\":{\"$ref\":\"#/components/responses/plain.bad-request\"}");
    assert_says(&f, "\"400\":{\"$ref\":\"#/components/responses/postgrest.bad-request\"}");
    assert_says(&f, "\"minimum\":1,\"default\":20,\"x-maximum\":1000");
    assert_says(&f, "\"minimum\":0,\"default\":1000,\"x-maximum\":1000");
    close_model(&f);
}

static void relations_are_told_where_their_ends_may_be_read(void **state)
{
    (void)state;
    for (unsigned hidden = 0; hidden < 2; hidden++) {
        struct fixture f = {0};
        struct foreign_key key = {.name = SLICE("kinds_owner_fkey")};
        open_model(&f, DIALECT_PG,
                   hidden ? "resources: {kinds: {columns: '*'}, owners: {read: none}}"
                          : "resources: {kinds: {columns: '*'}, owners: {}}");
        struct resource *kinds_ = resource_of(&f, "kinds"), *owners = resource_of(&f, "owners");
        const struct column *from[] = {&kinds_->table->columns[3]}, *to[] = {&owners->table->columns[0]};
        struct relation relation = {.kind = RELATION_MANY_TO_ONE,
                                    .source = kinds_,
                                    .target = owners,
                                    .key = &key,
                                    .count = 1,
                                    .from = from,
                                    .to = to};
        kinds_->relations = &relation;
        kinds_->relation_count = 1;
        write_document(&f);
        assert_int_equal(
            has(&f,
                "\"x-relations\":[{\"to\":\"owners\",\"kind\":\"many-to-one\",\"hint\":\"kinds_owner_fkey\","
                "\"from\":[\"c_int\"],\"columns\":[\"id\"]}]"),
            !hidden);
        assert_int_equal(has(&f, "Related rows are embedded as `name(columns)`: `owners`."), !hidden);
        assert_int_equal(has(&f, "owners"), !hidden);
        close_model(&f);
    }
}

/* ---- functions ---- */

static void functions_stand_below_rpc_in_both_manners(void **state)
{
    (void)state;
    struct function_arg args[] = {{.name = SLICE("since"), .type = TYPE(VALUE_DATE, "date")},
                                  {.name = SLICE("top"),
                                   .type = TYPE(VALUE_INT, "integer", .bits = 32),
                                   .optional = true}};
    struct function function = {.name = SLICE("search"),
                                .comment = SLICE("Looks for it."),
                                .args = args,
                                .arg_count = 2,
                                .volatility = FUNCTION_STABLE,
                                .returns_set = true};
    const struct function *overloads[] = {&function};
    struct config_function config = {.name = {.text = SLICE("search")}, .call = ROLE_ANONYMOUS};
    struct fixture f = {0};
    open_model(&f, DIALECT_PG, "serve: {/api: plain, /rest/v1: postgrest}\nresources: {owners: {}}");
    struct rpc rpc = {.config = &config,
                      .overloads = overloads,
                      .overload_count = 1,
                      .resource = resource_of(&f, "owners")};
    f.model->rpcs = &rpc;
    f.model->rpc_count = 1;
    write_document(&f);
    assert_says(&f, "\"/api/rpc/search\":{\"get\":{\"operationId\":\"call_search\"");
    assert_says(&f, "\"/rest/v1/rpc/search\":{\"get\":{\"operationId\":\"call_search.rest.v1\"");
    assert_says(
        &f,
        "{\"name\":\"since\",\"in\":\"query\",\"required\":true,\"schema\":{\"type\":\"string\",\"format\":\"date\",");
    assert_says(&f, "{\"name\":\"top\",\"in\":\"query\",\"schema\":");
    assert_says(&f, "\"required\":[\"since\"]");
    const struct function other = {.name = SLICE("search"), .returns_set = true};
    const struct function *both[] = {&function, &other};
    rpc.overloads = both;
    rpc.overload_count = 2;
    write_document(&f); /* which arguments are needed follows from those given */
    assert_says(&f, "{\"name\":\"since\",\"in\":\"query\",\"schema\":");
    assert_says(&f, "\"schema\":{\"anyOf\":[{\"type\":\"object\"");
    rpc.overload_count = 1;
    function.volatility = FUNCTION_VOLATILE;
    write_document(&f);
    assert_says(&f, "\"/rest/v1/rpc/search\":{\"post\":{\"operationId\":\"post_search.rest.v1\"");
    config.call = ROLES_NONE;
    write_document(&f);
    assert_silent(&f, "rpc/search");
    f.model->rpc_count = 0;
    close_model(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_type_of_postgresql_has_its_schema),
    cmocka_unit_test(what_may_be_null_says_so_in_type_and_enum),
    cmocka_unit_test(each_columns_filter_has_the_operators_of_its_type),
    cmocka_unit_test(checks_comments_and_defaults_are_in_the_schema),
    cmocka_unit_test(a_default_that_is_computed_is_none_of_the_schemas),
    cmocka_unit_test(odd_names_have_components_of_their_own),
    cmocka_unit_test(a_column_named_as_a_parameter_is_no_filter),
    cmocka_unit_test(what_may_not_be_read_is_not_in_it),
    cmocka_unit_test(what_may_be_written_alone_is_not_read),
    cmocka_unit_test(a_whole_path_of_another_service_is_told_to_those_who_may),
    cmocka_unit_test(signals_are_told_to_those_who_may_raise_them),
    cmocka_unit_test(nothing_writes_where_nobody_may),
    cmocka_unit_test(what_may_be_written_says_what_is_needed),
    cmocka_unit_test(a_view_that_takes_no_rows_is_only_read),
    cmocka_unit_test(each_manner_has_its_lists_and_problems),
    cmocka_unit_test(relations_are_told_where_their_ends_may_be_read),
    cmocka_unit_test(functions_stand_below_rpc_in_both_manners),
};

UNIT_TEST_MAIN(tests)
