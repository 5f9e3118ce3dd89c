/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of SQL, by the rules of SQLite's own tokenizer (tokenize.c). See token.h. */
#include "store/sqlite/token.h"

#include <ctype.h>

#include "base/check.h"

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* From `at` behind the first such text, or to the end. */
static size_t behind(struct slice text, size_t at, const char *end)
{
    const char *found = at < text.len ? memmem(text.data + at, text.len - at, end, strlen(end)) : NULL;
    return found ? (size_t)(found - text.data) + strlen(end) : text.len;
}

static struct slice skip_blanks(struct slice text)
{
    for (;;) {
        if (slice_starts(text, SLICE("--")))
            text = slice_skip(text, behind(text, 2, "\n"));
        else if (slice_starts(text, SLICE("/*")))
            text = slice_skip(text, behind(text, 2, "*/"));
        else if (text.len && isspace((unsigned char)text.data[0]))
            text = slice_skip(text, 1);
        else
            return text;
    }
}

/* How long a quoted token is; a quote within stands twice, but in brackets. */
static size_t quoted_len(struct slice text)
{
    char open = text.data[0], close = open == '[' ? ']' : open;
    size_t at = 1;
    for (; at < text.len; at++) {
        if (text.data[at] != close)
            continue;
        if (open == '[' || at + 1 >= text.len || text.data[at + 1] != close)
            return at + 1;
        at++;
    }
    return text.len;
}

enum lite_token lite_token_next(struct slice *rest, struct slice *ret_token)
{
    struct slice text = skip_blanks(*rest);
    enum lite_token kind = LITE_TOKEN_OTHER;
    size_t len = 1;
    if (text.len == 0) {
        kind = LITE_TOKEN_END;
        len = 0;
    } else if (strchr("'\"`[", text.data[0]) && text.data[0]) {
        kind = text.data[0] == '\'' ? LITE_TOKEN_STRING : LITE_TOKEN_NAME;
        len = quoted_len(text);
    } else if (is_word_byte(text.data[0])) {
        kind = isdigit((unsigned char)text.data[0]) ? LITE_TOKEN_OTHER : LITE_TOKEN_WORD;
        while (len < text.len && is_word_byte(text.data[len]))
            len++;
    }
    POST(len <= text.len);
    *ret_token = slice_of(text.data, len);
    *rest = slice_skip(text, len);
    return kind;
}

struct slice lite_token_name(struct arena *arena, struct slice token)
{
    PRE(token.len > 0);
    char open = token.data[0], close = open == '[' ? ']' : open;
    if (!strchr("'\"`[", open))
        return arena_copy(arena, token);
    size_t len = 0, end = token.len - (token.len > 1 && token.data[token.len - 1] == close);
    char *name = arena_alloc(arena, token.len + 1);
    for (size_t i = 1; i < end; i++) {
        name[len++] = token.data[i];
        if (token.data[i] == close && open != '[')
            i++; /* the second of two */
    }
    name[len] = 0;
    return slice_of(name, len);
}

struct slice lite_token_parentheses(struct slice *rest, struct slice open)
{
    PRE(slice_eq(open, SLICE("(")));
    struct slice token = open;
    for (unsigned depth = 1; depth > 0;) {
        if (lite_token_next(rest, &token) == LITE_TOKEN_END)
            break;
        depth += slice_eq(token, SLICE("("));
        depth -= slice_eq(token, SLICE(")"));
    }
    return slice_of(open.data, (size_t)(token.data + token.len - open.data));
}
