/* SPDX-License-Identifier: Apache-2.0 */
/* A record: names and values, as a client sent them, in JSON or in a form that knows no types. decode/ makes them, query/ checks them
 * against columns. Plain data; any thread. */
#ifndef LEAT_BASE_RECORD_H
#define LEAT_BASE_RECORD_H

#include "base/slice.h"

enum token {
    TOKEN_NULL, /* of CSV: NULL without quotes */
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NUMBER, /* its text is a JSON number, as it was sent */
    TOKEN_STRING, /* its text is unescaped */
    TOKEN_OBJECT, /* its text is JSON, as it was sent */
    TOKEN_ARRAY,  /* likewise */
    TOKEN_TEXT    /* of CSV and forms, which know no types */
};

struct field {
    struct slice name; /* UTF-8 */
    enum token token;
    struct slice text; /* UTF-8; empty for NULL, TRUE, FALSE */
};

/* Its slices are valid until the sink returns. */
struct record {
    uint64_t number; /* from 1 */
    bool alone;      /* the body is one object or a form: no list */
    const struct field *fields;
    unsigned count;
};

#endif
