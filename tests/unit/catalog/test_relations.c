/* SPDX-License-Identifier: Apache-2.0 */
/* The relations between resources, from the keys of real databases: the same on both stores. Written as
 *
 *   buyer>people.id       many to one        id<orders.buyer       one to many
 *   photo=>photos.id      one to one, by the source's key          id<=profiles.photo    by the target's
 *   id<tagged.orders,tagged.tag>tags.id      many to many          a+b   a key of two columns */
#include "base/buf.h"
#include "loading.h"

static const char schema_sql[] =
    "CREATE TABLE photos (id int PRIMARY KEY);"
    "CREATE TABLE people (id int PRIMARY KEY, boss int, FOREIGN KEY (boss) REFERENCES people (id));"
    "CREATE TABLE twins (id int PRIMARY KEY, other int UNIQUE, FOREIGN KEY (other) REFERENCES twins (id));"
    "CREATE TABLE orders (id int PRIMARY KEY, buyer int, seller int, n int, FOREIGN KEY (buyer) REFERENCES people (id),"
    " FOREIGN KEY (seller) REFERENCES people (id)); CREATE INDEX orders_buyer ON orders (buyer);"
    "CREATE TABLE profiles (person int PRIMARY KEY, photo int, hint int, FOREIGN KEY (person) REFERENCES people (id),"
    " FOREIGN KEY (photo) REFERENCES photos (id), FOREIGN KEY (hint) REFERENCES photos (id));"
    "CREATE UNIQUE INDEX profiles_photo ON profiles (photo);"
    "CREATE UNIQUE INDEX profiles_hint ON profiles (hint) WHERE hint > 0;"
    "CREATE TABLE rooms (house int, number int, PRIMARY KEY (house, number));"
    "CREATE TABLE beds (id int PRIMARY KEY, number int, house int,"
    " FOREIGN KEY (house, number) REFERENCES rooms (house, number));"
    "CREATE TABLE tags (id int PRIMARY KEY, name text);"
    "CREATE TABLE tagged (tag int NOT NULL, orders int NOT NULL, since int, PRIMARY KEY (orders, tag, since),"
    " FOREIGN KEY (tag) REFERENCES tags (id), FOREIGN KEY (orders) REFERENCES orders (id));"
    "CREATE TABLE likes (a int NOT NULL, b int NOT NULL, FOREIGN KEY (a) REFERENCES people (id),"
    " FOREIGN KEY (b) REFERENCES people (id));"
    "CREATE UNIQUE INDEX likes_both ON likes (a, b);"
    "CREATE TABLE loose (tag int, orders int, FOREIGN KEY (tag) REFERENCES tags (id),"
    " FOREIGN KEY (orders) REFERENCES orders (id));"
    "CREATE UNIQUE INDEX loose_partial ON loose (tag, orders) WHERE tag > 0;"
    "CREATE UNIQUE INDEX loose_sum ON loose (tag, abs(orders));"
    "CREATE VIEW sales AS SELECT id AS sale, seller AS who, n + 1 AS more FROM orders;"
    "CREATE VIEW nobodies AS SELECT n FROM orders; CREATE VIEW names AS SELECT id AS person FROM people;"
    "CREATE VIEW half_rooms AS SELECT house FROM rooms; CREATE VIEW whole_beds AS SELECT house AS h, number AS n, id FROM beds;"
    "CREATE VIEW links AS SELECT orders AS o, tag AS t FROM tagged; CREATE VIEW more_tags AS SELECT name, id AS no FROM tags;";

static int start(void **state)
{
    *state = world_new(schema_sql);
    return 0;
}

static int stop(void **state)
{
    world_free(*state);
    return 0;
}

/* "a+b", or "orders.a+b" with an owner. */
static void write_columns(struct buf *out, const struct resource *owner, const struct column *const *columns,
                          unsigned count)
{
    if (owner)
        buf_format(out, SLICE_FMT ".", SLICE_ARG(owner->config->name.text));
    for (unsigned i = 0; i < count; i++)
        buf_format(out, "%s" SLICE_FMT, i ? "+" : "", SLICE_ARG(columns[i]->name));
}

static void write_relation(struct buf *out, const struct relation *relation)
{
    bool one = relation->kind == RELATION_ONE_TO_ONE;
    write_columns(out, NULL, relation->from, relation->count);
    if (relation->kind == RELATION_MANY_TO_MANY) {
        buf_lit(out, "<");
        write_columns(out, relation->through, relation->through_from, relation->count);
        buf_lit(out, ",");
        write_columns(out, relation->through, relation->through_to, relation->through_count);
        buf_lit(out, ">");
        write_columns(out, relation->target, relation->to, relation->through_count);
        return;
    }
    if (!one)
        assert_int_equal(relation->kind, relation->outgoing ? RELATION_MANY_TO_ONE : RELATION_ONE_TO_MANY);
    assert_int_equal(relation_is_to_one(relation), one || relation->outgoing);
    buf_format(out, "%s", relation->outgoing ? (one ? "=>" : ">") : (one ? "<=" : "<"));
    write_columns(out, relation->target, relation->to, relation->count);
}

static const struct resource *resource_named(const struct model *model, const char *name)
{
    for (unsigned i = 0; i < model->resource_count; i++)
        if (slice_eq(model->resources[i].config->name.text, slice_str(name)))
            return &model->resources[i];
    fail_msg("no resource %s", name);
    return NULL;
}

static void assert_relations(const struct model *model, const char *name, const char *expected)
{
    const struct resource *resource = resource_named(model, name);
    struct buf text;
    buf_init(&text, 4096);
    for (unsigned i = 0; i < resource->relation_count; i++) {
        assert_ptr_equal(resource->relations[i].source, resource);
        buf_format(&text, "%s", i ? " " : "");
        write_relation(&text, &resource->relations[i]);
    }
    buf_byte(&text, 0);
    assert_string_equal(text.data, expected);
    buf_done(&text);
}

/* Each resource and its relations, up to NULL: the same on both stores. */
static void assert_both(void **state, const char *resources, const char *const expected[][2])
{
    const struct world *world = *state;
    for (unsigned i = 0; i < ARRAY_LEN(world->urls); i++) {
        struct building *building = build_from(world->urls[i], resources);
        assert_non_null(building->model);
        for (unsigned j = 0; expected[j][0]; j++)
            assert_relations(building->model, expected[j][0], expected[j][1]);
        building_free(building);
    }
}

static void a_key_relates_both_ways_and_each_of_several_its_own(void **state)
{
    static const char *const expected[][2] = {
        {"orders", "buyer>people.id seller>people.id"},
        {"people", "id<orders.buyer id<orders.seller boss>people.id id<people.boss"},
        {NULL}};
    assert_both(state, "resources: {orders: {}, people: {}}", expected);
}

static void a_key_of_its_own_table_relates_in_both_directions(void **state)
{
    static const char *const expected[][2] = {{"people", "boss>people.id id<people.boss"},
                                              {"twins", "other=>twins.id id<=twins.other"},
                                              {NULL}};
    assert_both(state, "resources: {people: {}, twins: {}}", expected);
}

static void a_unique_key_relates_one_to_one_but_not_a_partial_one(void **state)
{
    static const char *const expected[][2] = {{"profiles",
                                               "person=>people.id hint>photos.id photo=>photos.id"},
                                              {"photos", "id<=profiles.photo id<profiles.hint"},
                                              {"people", "boss>people.id id<people.boss id<=profiles.person"},
                                              {NULL}};
    assert_both(state, "resources: {people: {}, photos: {}, profiles: {}}", expected);
}

static void a_key_of_two_columns_pairs_them_as_it_says(void **state)
{
    static const char *const expected[][2] = {{"beds", "house+number>rooms.house+number"},
                                              {"rooms", "house+number<beds.house+number"},
                                              {NULL}};
    assert_both(state, "resources: {beds: {}, rooms: {}}", expected);
}

static void a_table_between_whose_key_holds_both_relates_many_to_many(void **state)
{
    static const char *const expected[][2] = {{"orders",
                                               "id<tagged.orders id<tagged.orders,tagged.tag>tags.id"},
                                              {"tags", "id<tagged.tag,tagged.orders>orders.id id<tagged.tag"},
                                              {"tagged", "orders>orders.id tag>tags.id"},
                                              {NULL}};
    assert_both(state, "resources: {orders: {}, tagged: {}, tags: {}}", expected);
}

static void a_table_between_is_a_resource_itself(void **state)
{
    static const char *const expected[][2] = {{"orders", ""}, {"tags", ""}, {NULL}};
    assert_both(state, "resources: {orders: {}, tags: {}}", expected);
}

static void a_table_whose_keys_hold_not_both_is_not_between(void **state)
{
    static const char *const expected[][2] = {{"orders", "id<loose.orders"},
                                              {"tags", "id<loose.tag"},
                                              {NULL}};
    assert_both(state, "resources: {orders: {}, tags: {}, loose: {}}", expected);
}

static void people_who_like_people_are_many_to_many_in_both_directions(void **state)
{
    static const char *const expected[][2] = {
        {"people",
         "id<likes.a id<likes.b boss>people.id id<people.boss id<likes.a,likes.b>people.id id<likes.b,likes.a>people.id"},
        {"likes", "a>people.id b>people.id"},
        {NULL}};
    assert_both(state, "resources: {likes: {}, people: {}}", expected);
}

static void columns_of_keys_need_not_be_shown(void **state)
{
    static const char *const expected[][2] = {
        {"orders", "buyer>people.id seller>people.id"},
        {"people", "id<orders.buyer id<orders.seller boss>people.id id<people.boss"},
        {NULL}};
    assert_both(state, "resources: {orders: {columns: n}, people: {columns: boss}}", expected);
}

static void a_view_relates_as_the_columns_that_it_shows(void **state)
{
    static const char *const expected[][2] = {
        {"sales", "who>names.person who>people.id"},
        {"people", "boss>names.person boss>people.id id<people.boss id<sales.who"},
        {"names", "person<people.boss person<sales.who"},
        {"nobodies", ""},
        {NULL}};
    assert_both(state, "resources: {names: {key: person}, nobodies: {}, people: {}, sales: {key: sale}}",
                expected);
}

static void a_view_that_shows_a_part_of_a_key_does_not_relate_by_it(void **state)
{
    static const char *const expected[][2] = {{"whole_beds", "h+n>rooms.house+number"},
                                              {"half_rooms", ""},
                                              {"rooms", "house+number<whole_beds.h+n"},
                                              {NULL}};
    assert_both(state, "resources: {half_rooms: {}, rooms: {}, whole_beds: {}}", expected);
}

static void views_may_be_between_and_at_either_end(void **state)
{
    static const char *const expected[][2] = {{"sales", "sale<links.o sale<links.o,links.t>more_tags.no"},
                                              {"more_tags", "no<links.t no<links.t,links.o>sales.sale"},
                                              {"links", "t>more_tags.no o>sales.sale"},
                                              {NULL}};
    assert_both(state, "resources: {links: {}, more_tags: {}, sales: {}}", expected);
}

static void each_resource_of_a_table_has_relations_of_its_own(void **state)
{
    static const char *const expected[][2] = {
        {"beds", "house+number>rooms.house+number house+number>suites.house+number"},
        {"cots", "house+number>rooms.house+number house+number>suites.house+number"},
        {"suites", "house+number<beds.house+number house+number<cots.house+number"},
        {NULL}};
    assert_both(state, "resources: {beds: {}, cots: {table: beds}, rooms: {}, suites: {table: rooms}}",
                expected);
}

static void relations_point_to_the_keys_of_the_catalogue(void **state)
{
    const struct world *world = *state;
    struct building *building =
        build_from(world->urls[DIALECT_PG], "resources: {orders: {}, tagged: {}, tags: {}}");
    const struct relation *relation = &resource_named(building->model, "tags")->relations[0];
    assert_int_equal(relation->kind, RELATION_MANY_TO_MANY);
    assert_slice(relation->key->name, "tagged_tag_fkey");
    assert_slice(relation->through_key->name, "tagged_orders_fkey");
    assert_ptr_equal(relation->through, resource_named(building->model, "tagged"));
    building_free(building);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_relates_both_ways_and_each_of_several_its_own),
        cmocka_unit_test(a_key_of_its_own_table_relates_in_both_directions),
        cmocka_unit_test(a_unique_key_relates_one_to_one_but_not_a_partial_one),
        cmocka_unit_test(a_key_of_two_columns_pairs_them_as_it_says),
        cmocka_unit_test(a_table_between_whose_key_holds_both_relates_many_to_many),
        cmocka_unit_test(a_table_between_is_a_resource_itself),
        cmocka_unit_test(a_table_whose_keys_hold_not_both_is_not_between),
        cmocka_unit_test(people_who_like_people_are_many_to_many_in_both_directions),
        cmocka_unit_test(columns_of_keys_need_not_be_shown),
        cmocka_unit_test(a_view_relates_as_the_columns_that_it_shows),
        cmocka_unit_test(a_view_that_shows_a_part_of_a_key_does_not_relate_by_it),
        cmocka_unit_test(views_may_be_between_and_at_either_end),
        cmocka_unit_test(each_resource_of_a_table_has_relations_of_its_own),
        cmocka_unit_test(relations_point_to_the_keys_of_the_catalogue),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, start, stop);
}
