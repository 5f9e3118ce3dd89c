/* SPDX-License-Identifier: Apache-2.0 */
/* See token.h. */
#include "openapi/token.h"

#define TOKENS_MAX 1024

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* From the opening quote to the closing one, the doubled ones undone. False: it never closes. */
static bool cut_quoted(struct arena *arena, struct slice *rest, char close, struct slice *ret_text)
{
    char *room = arena_alloc(arena, rest->len), *to = room;
    for (size_t i = 1; i < rest->len; i++) {
        if (rest->data[i] == close) {
            if (i + 1 == rest->len || rest->data[i + 1] != close || close == ']') {
                *ret_text = slice_of(room, (size_t)(to - room));
                *rest = slice_skip(*rest, i + 1);
                return true;
            }
            i++;
        }
        *to++ = rest->data[i];
    }
    return false;
}

static struct slice cut_while(struct slice *rest, bool (*belongs)(char c))
{
    size_t len = 0;
    while (len < rest->len && belongs(rest->data[len]))
        len++;
    struct slice text = slice_of(rest->data, len);
    *rest = slice_skip(*rest, len);
    return text;
}

static bool is_number_byte(char c)
{
    return is_name_byte(c) || c == '.';
}

static struct slice cut_sign(struct slice *rest)
{
    static const struct slice signs[] = {
        SLICE_INIT("!~~*"), SLICE_INIT("!~~"), SLICE_INIT("!~*"), SLICE_INIT("~~*"), SLICE_INIT("!~"),
        SLICE_INIT("~~"),   SLICE_INIT("~*"),  SLICE_INIT("<="),  SLICE_INIT(">="),  SLICE_INIT("<>"),
        SLICE_INIT("!="),   SLICE_INIT("=="),  SLICE_INIT("::"),  SLICE_INIT("||"),
    };
    size_t len = 1;
    for (size_t i = 0; i < ARRAY_LEN(signs) && len == 1; i++)
        if (slice_starts(*rest, signs[i]))
            len = signs[i].len;
    struct slice text = slice_of(rest->data, len);
    *rest = slice_skip(*rest, len);
    return text;
}

/* SQLite quotes names as "a", [a] and `a`; a `[` is a name's only where ARRAY does not stand before it. */
static bool cut_token(struct arena *arena, struct slice *rest, bool behind_array, struct token *token)
{
    char c = rest->data[0];
    bool brackets = c == '[' && !behind_array && rest->len > 1 && rest->data[1] != ']';
    if (c == '\'') {
        token->kind = TOKEN_STRING;
        return cut_quoted(arena, rest, c, &token->text);
    }
    if (c == '"' || c == '`' || brackets) {
        token->kind = TOKEN_QUOTED_NAME;
        return cut_quoted(arena, rest, brackets ? ']' : c, &token->text);
    }
    token->kind = is_digit(c) ? TOKEN_NUMBER : is_name_byte(c) ? TOKEN_NAME : TOKEN_SIGN;
    token->text = is_digit(c)       ? cut_while(rest, is_number_byte)
                  : is_name_byte(c) ? cut_while(rest, is_name_byte)
                                    : cut_sign(rest);
    return true;
}

bool token_is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_NAME && slice_eq_nocase(token->text, slice_str(word));
}

bool token_is_sign(const struct token *token, const char *sign)
{
    return token->kind == TOKEN_SIGN && slice_eq(token->text, slice_str(sign));
}

bool tokens_cut(struct arena *arena, struct slice text, struct token **ret_tokens, unsigned *ret_count)
{
    size_t room = text.len < TOKENS_MAX ? text.len : TOKENS_MAX;
    struct token *tokens = ARENA_ARRAY(arena, struct token, room + 1);
    unsigned count = 0;
    for (struct slice rest = slice_trim(text); rest.len; rest = slice_trim(rest)) {
        bool behind_array = count && token_is_word(&tokens[count - 1], "array");
        if (count == room || !cut_token(arena, &rest, behind_array, &tokens[count++]))
            return false;
    }
    *ret_tokens = tokens;
    *ret_count = count;
    return true;
}
