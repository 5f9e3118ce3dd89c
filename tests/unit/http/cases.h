/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the files of tests/data/http, whose README tells the format. A file that is not well-formed ends the program:
 * it is part of the test. What it hands out lives until cases_free. */
#ifndef LEAT_TESTS_CASES_H
#define LEAT_TESTS_CASES_H

#include "base/arena.h"

struct case_line { /* "-> key value" */
    struct slice key, value;
};

struct http_case {
    struct slice name;
    unsigned status; /* 0: none was given */
    struct slice request;
    struct case_line expected[8];
    unsigned expected_count;
};

struct cases {
    struct arena arena;
    struct http_case items[600];
    unsigned count;
};

/* Adds the cases of a file, of tests/data/http, or of all .txt files in a folder there. */
void cases_load(struct cases *cases, const char *path);
void cases_free(struct cases *cases);

#endif
