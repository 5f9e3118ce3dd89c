/* SPDX-License-Identifier: Apache-2.0 */
/* A growing text in an arena: SQL, canonical forms, list literals.
 * Exists because a plan's texts live exactly as long as its arena, and a buf's memory would need a second owner.
 * Ownership: the arena. Failure: none of its own (arena.h). One thread at a time. */
#ifndef LEAT_QUERY_TEXT_H
#define LEAT_QUERY_TEXT_H

#include "base/arena.h"

struct text {
    struct arena *arena;
    char *data;
    size_t len, cap;
};

void text_init(struct text *text, struct arena *arena, size_t room);
void text_bytes(struct text *text, const char *data, size_t len);
void text_uint(struct text *text, uint64_t value);

/* An element of a literal of an array of PostgreSQL's, in quotes (8.15.6): NULL, braces and blanks are no more than text. */
void text_array_element(struct text *text, struct slice element);

/* A JSON string. */
void text_json(struct text *text, struct slice s);

/* The text, followed by a NUL that is not counted. */
struct slice text_done(struct text *text);

static inline void text_add(struct text *text, struct slice s)
{
    text_bytes(text, s.data, s.len);
}

static inline void text_byte(struct text *text, char byte)
{
    text_bytes(text, &byte, 1);
}

#define text_lit(text, literal) text_bytes((text), "" literal, sizeof(literal) - 1)

#endif
