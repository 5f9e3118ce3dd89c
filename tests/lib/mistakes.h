/* SPDX-License-Identifier: Apache-2.0 */
/* A table of mistakes, each with what is said of it word for word, as one test a mistake: the texts are an interface to people. */
#ifndef LEAT_TESTS_MISTAKES_H
#define LEAT_TESTS_MISTAKES_H

#include <stdio.h>
#include <string.h>

#include "lib/unit.h"

struct mistake {
    const char *text, *said;
};

/* Makes the tests; each finds its mistake in *state, and is called by what is said first. */
static inline void mistakes_add(const struct mistake *mistakes, size_t count, CMUnitTestFunction test,
                                struct CMUnitTest *ret_tests)
{
    static char names[200][80];
    assert_true(count <= 200);
    for (size_t i = 0; i < count; i++) {
        const char *said = mistakes[i].said;
        snprintf(names[i], sizeof names[i], "%.*s", (int)strcspn(said, "\n"), said);
        ret_tests[i] = (struct CMUnitTest){.name = names[i],
                                           .test_func = test,
                                           .initial_state = (void *)(uintptr_t)&mistakes[i]};
    }
}

#endif
