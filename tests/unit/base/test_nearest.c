/* SPDX-License-Identifier: Apache-2.0 */
/* Spelling help: which word is offered for which slip. */
#include "lib/unit.h"

#include "base/nearest.h"

static const char *const columns[] = {"id",         "user_id",           "amount",  "status",
                                      "created_at", "merchant_category", "is_fraud"};

static struct slice nearest_column(const char *typed)
{
    struct nearest nearest = nearest_begin(slice_str(typed));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        nearest_offer(&nearest, slice_str(columns[i]));
    return nearest.best;
}

static void a_slip_finds_the_word_that_was_meant(void **state)
{
    (void)state;
    assert_slice(nearest_column("amuont"), "amount");  /* swapped */
    assert_slice(nearest_column("amont"), "amount");   /* left out */
    assert_slice(nearest_column("ammount"), "amount"); /* doubled */
    assert_slice(nearest_column("anount"), "amount");  /* replaced */
    assert_slice(nearest_column("createdat"), "created_at");
    assert_slice(nearest_column("merchant_categorie"), "merchant_category");
    assert_slice(nearest_column("i"), "");
    assert_slice(nearest_column("ids"), "id");
}

static void case_does_not_count(void **state)
{
    (void)state;
    assert_slice(nearest_column("STATUS"), "status");
    assert_slice(nearest_column("User_ID"), "user_id");
}

static void a_word_too_far_is_not_offered(void **state)
{
    (void)state;
    assert_null(nearest_column("password").data);
    assert_null(nearest_column("xy").data);
    assert_null(nearest_column("").data);
    assert_null(nearest_column("creation_date").data);
}

static struct nearest offer_one(const char *typed, const char *word)
{
    struct nearest nearest = nearest_begin(slice_str(typed));
    nearest_offer(&nearest, slice_str(word));
    return nearest;
}

static void the_distance_allowed_grows_with_the_word(void **state)
{
    (void)state;
    assert_non_null(offer_one("abc", "abd").best.data);
    assert_null(offer_one("abc", "ade").best.data);
    assert_non_null(offer_one("abcdef", "abcdxy").best.data);
    assert_null(offer_one("abcdef", "abcxyz").best.data);
    assert_non_null(offer_one("abcdefg", "abcdxyz").best.data);
    assert_null(offer_one("abcdefghijkl", "abcdefghwxyz").best.data);
}

static void a_letter_or_two_wholly_different_are_not_near(void **state)
{
    (void)state;
    assert_null(offer_one("a", "b").best.data);
    assert_non_null(offer_one("ab", "ac").best.data);
    assert_null(offer_one("", "a").best.data);
}

static void distances_are_those_of_the_published_measure(void **state)
{
    (void)state;
    assert_int_equal(offer_one("kitten", "sitten").distance, 1);
    assert_int_equal(offer_one("sunday", "satday").distance, 2);
    assert_int_equal(offer_one("kitten", "kittne").distance, 1);
    assert_null(offer_one("ca", "abc").best.data); /* 3, not 2: no piece is edited twice */
}

static void the_nearest_wins_and_the_first_of_equals(void **state)
{
    (void)state;
    struct nearest nearest = nearest_begin(SLICE("status"));
    nearest_offer(&nearest, SLICE("statxx"));
    nearest_offer(&nearest, SLICE("statuz"));
    nearest_offer(&nearest, SLICE("statua"));
    assert_slice(nearest.best, "statuz");
    assert_int_equal(nearest.distance, 1);
}

static void words_longer_than_64_bytes_are_never_near(void **state)
{
    (void)state;
    char longest[66] = {0};
    memset(longest, 'a', 64);
    assert_non_null(offer_one(longest, longest).best.data);
    longest[64] = 'a';
    assert_null(offer_one(longest, longest).best.data);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_slip_finds_the_word_that_was_meant),
    cmocka_unit_test(case_does_not_count),
    cmocka_unit_test(a_word_too_far_is_not_offered),
    cmocka_unit_test(the_distance_allowed_grows_with_the_word),
    cmocka_unit_test(a_letter_or_two_wholly_different_are_not_near),
    cmocka_unit_test(distances_are_those_of_the_published_measure),
    cmocka_unit_test(the_nearest_wins_and_the_first_of_equals),
    cmocka_unit_test(words_longer_than_64_bytes_are_never_near),
};

UNIT_TEST_MAIN(tests)
