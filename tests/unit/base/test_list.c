/* SPDX-License-Identifier: Apache-2.0 */
/* Rings: order, removal, and links that are in no list. */
#include "lib/unit.h"

#include "base/check.h"
#include "base/list.h"

struct item {
    char letter;
    struct list link;
};

static void items_init(struct item *items, const char *letters)
{
    for (size_t i = 0; letters[i]; i++) {
        items[i].letter = letters[i];
        list_init(&items[i].link);
    }
}

static void assert_letters(struct list *head, const char *expected)
{
    char letters[16] = {0};
    size_t count = 0;
    LIST_EACH (head, link) {
        assert_ptr_equal(link->next->prev, link);
        letters[count++] = container_of(link, struct item, link)->letter;
    }
    assert_string_equal(letters, expected);
}

static void links_stand_in_the_order_they_were_put(void **state)
{
    (void)state;
    struct item items[3];
    struct list head;
    items_init(items, "abc");
    list_init(&head);
    assert_true(list_empty(&head));
    list_push(&head, &items[0].link);
    list_push(&head, &items[1].link);
    list_unshift(&head, &items[2].link);
    assert_letters(&head, "cab");
    assert_false(list_empty(&head));
}

static void a_removed_link_may_be_removed_again(void **state)
{
    (void)state;
    struct item items[3];
    struct list head;
    items_init(items, "abc");
    list_init(&head);
    for (int i = 0; i < 3; i++)
        list_push(&head, &items[i].link);
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    assert_letters(&head, "ac");
}

static void shifting_takes_the_first_until_there_is_none(void **state)
{
    (void)state;
    struct item items[2];
    struct list head;
    items_init(items, "ab");
    list_init(&head);
    list_push(&head, &items[0].link);
    list_push(&head, &items[1].link);
    assert_ptr_equal(list_shift(&head), &items[0].link);
    assert_ptr_equal(list_shift(&head), &items[1].link);
    assert_null(list_shift(&head));
}

static void moving_all_appends_and_empties_the_source(void **state)
{
    (void)state;
    struct item items[4];
    struct list to, from;
    items_init(items, "abcd");
    list_init(&to);
    list_init(&from);
    list_move_all(&to, &from);
    assert_true(list_empty(&to));
    list_push(&to, &items[0].link);
    for (int i = 1; i < 4; i++)
        list_push(&from, &items[i].link);
    list_move_all(&to, &from);
    assert_letters(&to, "abcd");
    assert_true(list_empty(&from));
}

static void the_safe_walk_may_remove_where_it_stands(void **state)
{
    (void)state;
    struct item items[4];
    struct list head;
    items_init(items, "abcd");
    list_init(&head);
    for (int i = 0; i < 4; i++)
        list_push(&head, &items[i].link);
    LIST_EACH_SAFE (&head, link, after) {
        if (container_of(link, struct item, link)->letter % 2)
            list_remove(link);
    }
    assert_letters(&head, "bd");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(links_stand_in_the_order_they_were_put),
    cmocka_unit_test(a_removed_link_may_be_removed_again),
    cmocka_unit_test(shifting_takes_the_first_until_there_is_none),
    cmocka_unit_test(moving_all_appends_and_empties_the_source),
    cmocka_unit_test(the_safe_walk_may_remove_where_it_stands),
};

UNIT_TEST_MAIN(tests)
