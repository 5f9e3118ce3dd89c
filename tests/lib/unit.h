/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test needs: cmocka with the headers it wants before it, and asserts for Leat's own types.
 * UNIT_TEST_MAIN(tests) at the end of a file is its main. Test functions are sentences. */
#ifndef LEAT_TESTS_UNIT_H
#define LEAT_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* After those. */
#include <cmocka.h>

#include "base/slice.h"

#define assert_slice(actual, expected_text) \
    do { \
        struct slice actual_ = (actual), expected_ = slice_str(expected_text); \
        if (!slice_eq(actual_, expected_)) { \
            print_error("\"%.*s\" is not \"%s\"\n", SLICE_ARG(actual_), expected_.data); \
            fail(); \
        } \
    } while (0)

#define UNIT_TEST_MAIN(tests) \
    int main(void) \
    { \
        return cmocka_run_group_tests_name(__FILE__, (tests), NULL, NULL); \
    }

/* Random numbers that are the same in every run (xorshift64*, Vigna 2016). */
struct unit_random {
    uint64_t state; /* not 0 */
};

static inline uint64_t unit_random_next(struct unit_random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * 0x2545f4914f6cdd1du;
}

/* From 0 to bound - 1. */
static inline size_t unit_random_below(struct unit_random *random, size_t bound)
{
    return (size_t)(unit_random_next(random) >> 11) % bound;
}

#endif
