/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a CREATE statement as SQLite keeps it, token by token: strings, quoted names and comments are told from words, and
 * nothing more is understood. The text was accepted by SQLite: what does not end, ends with it. Pure. */
#ifndef LEAT_STORE_SQLITE_TOKEN_H
#define LEAT_STORE_SQLITE_TOKEN_H

#include "base/arena.h"

enum lite_token {
    LITE_TOKEN_END,
    LITE_TOKEN_WORD,   /* a keyword, or a name without quotes */
    LITE_TOKEN_NAME,   /* "name", `name` or [name] */
    LITE_TOKEN_STRING, /* 'text' */
    LITE_TOKEN_OTHER   /* a number; any other single byte */
};

/* Takes the next token off, without the white space and comments before it. */
enum lite_token lite_token_next(struct slice *rest, struct slice *ret_token);
/* The name that a word, name or string stands for: without its quotes. */
struct slice lite_token_name(struct arena *arena, struct slice token);
/* Of a token that is `(`, taken off already: all up to its `)`, both included; that is taken off, too. */
struct slice lite_token_parentheses(struct slice *rest, struct slice open);

#endif
