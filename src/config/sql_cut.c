/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a statement at its `:name`s.
 *
 * A `:name` is a parameter, but not within '…', E'…', "…", $tag$…$tag$, a comment, nor where it follows a second colon
 * (`::type`) or stands right behind a name, number or bracket (`a[1:n]` is a slice; write `a[1 : :n]` or `[:n]` for a
 * parameter). Where a file serves both databases what they read differently is refused: a comment within a comment.
 * In a file of SQLite's [names] and `names` are quotes too, and comments do not nest.
 *
 * There is one statement, and its first word is one of those below; whether it changes something the database tells. A `;` at
 * its end is cut off, with the comments behind it, so that the text may be wrapped.
 *
 * Failure: complaints with line and column. Pure. */
#include "base/nearest.h"
#include "config/query_file.h"

enum token { TOKEN_SPACE, TOKEN_WORD, TOKEN_PARAM, TOKEN_SEMICOLON, TOKEN_FOREIGN, TOKEN_OTHER, TOKEN_BAD };

struct lexer {
    struct walk *walk;
    struct slice text;
    enum sql_variant variant;
    size_t at, end;     /* the present token */
    struct place place; /* where it begins */
};

static char byte_at(const struct lexer *l, size_t at)
{
    return at < l->text.len ? l->text.data[at] : 0;
}

static bool starts_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool in_name(char c)
{
    return starts_name(c) || (c >= '0' && c <= '9') || c == '$';
}

static size_t name_end(const struct lexer *l, size_t at)
{
    while (in_name(byte_at(l, at)))
        at++;
    return at;
}

static enum token bad(struct lexer *l, const char *what)
{
    complain(l->walk->complaints, l->place, "%s", what);
    return TOKEN_BAD;
}

/* Up to and with the closing quote; a doubled quote is two quotations in a row, which comes to the same. */
static enum token quoted(struct lexer *l, char close, bool backslashes, const char *unclosed)
{
    PRE(l->end < l->text.len);
    size_t at = l->end + 1;
    for (; at < l->text.len && l->text.data[at] != close; at++)
        if (backslashes && l->text.data[at] == '\\')
            at++;
    if (at >= l->text.len)
        return bad(l, unclosed);
    l->end = at + 1;
    return TOKEN_OTHER;
}

static enum token line_comment(struct lexer *l)
{
    l->end = l->at + slice_find(slice_skip(l->text, l->at), '\n');
    return TOKEN_SPACE;
}

static enum token block_comment(struct lexer *l)
{
    unsigned depth = 1;
    size_t at = l->at + 2;
    for (; at + 1 < l->text.len && depth; at++) {
        bool opens = l->text.data[at] == '/' && l->text.data[at + 1] == '*';
        bool closes = l->text.data[at] == '*' && l->text.data[at + 1] == '/';
        if (opens && l->variant == SQL_ANY)
            return bad(l, "a comment within this comment: SQLite and PostgreSQL read it differently");
        depth += opens && l->variant == SQL_PG;
        depth -= closes;
        at += closes || (opens && l->variant == SQL_PG);
    }
    if (depth)
        return bad(l, "this comment does not end");
    l->end = at;
    return TOKEN_SPACE;
}

/* $tag$ … $tag$ on PostgreSQL; `$1` is ours alone to write. */
static enum token dollar(struct lexer *l)
{
    char next = byte_at(l, l->at + 1);
    if (next >= '0' && next <= '9')
        return bad(l, "found a numbered parameter, expected a declared one such as `:name`");
    size_t tag_end = l->at + 1;
    while (in_name(byte_at(l, tag_end)) && byte_at(l, tag_end) != '$')
        tag_end++;
    bool opens = byte_at(l, tag_end) == '$' && l->variant != SQL_SQLITE;
    if (!opens) {
        l->end = name_end(l, l->at + 1);
        return TOKEN_FOREIGN;
    }
    struct slice tag = slice_of(l->text.data + l->at, tag_end + 1 - l->at);
    const char *close = memmem(l->text.data + tag_end + 1, l->text.len - tag_end - 1, tag.data, tag.len);
    if (!close)
        return bad(l, "this $-quoted text does not end");
    l->end = (size_t)(close - l->text.data) + tag.len;
    return TOKEN_OTHER;
}

static enum token colon(struct lexer *l)
{
    char next = byte_at(l, l->at + 1), before = l->at ? l->text.data[l->at - 1] : ' ';
    if (next == ':' || next == '=') {
        l->end = l->at + 2;
        return TOKEN_OTHER;
    }
    if (!starts_name(next))
        return TOKEN_OTHER;
    if (in_name(before) || strchr(")]\"'", before))
        return TOKEN_FOREIGN; /* a[1:n] */
    l->end = name_end(l, l->at + 1);
    return TOKEN_PARAM;
}

static enum token word(struct lexer *l)
{
    l->end = name_end(l, l->at);
    bool escapes = l->end - l->at == 1 && (l->text.data[l->at] | 0x20) == 'e' && byte_at(l, l->end) == '\'';
    if (escapes && l->variant != SQL_SQLITE)
        return quoted(l, '\'', true, "this text E'…' does not end");
    return TOKEN_WORD;
}

static enum token punctuation(struct lexer *l)
{
    char c = l->text.data[l->at], next = byte_at(l, l->at + 1);
    l->end = l->at; /* where the opening quote stands */
    if (c == '`' && l->variant != SQL_PG)
        return quoted(l, '`', false, "this quoted name does not end");
    if (c == '[' && l->variant == SQL_SQLITE)
        return quoted(l, ']', false, "this quoted name does not end");
    l->end = l->at + 1;
    if (c == '?' || (c == '@' && starts_name(next)))
        return TOKEN_FOREIGN;
    if (c >= '0' && c <= '9')
        l->end = name_end(l, l->at);
    return TOKEN_OTHER;
}

/* Reads the token at l->at; its end is l->end. */
static enum token next_token(struct lexer *l)
{
    PRE(l->at < l->text.len);
    char c = l->text.data[l->at], next = byte_at(l, l->at + 1);
    l->end = l->at;
    if (c == '\'')
        return quoted(l, '\'', false, "this text '…' does not end");
    if (c == '"')
        return quoted(l, '"', false, "this quoted name does not end");
    l->end = l->at + 1;
    if (strchr(" \t\r\n\f\v", c))
        return TOKEN_SPACE;
    if (c == '-' && next == '-')
        return line_comment(l);
    if (c == '/' && next == '*')
        return block_comment(l);
    if (c == ';')
        return TOKEN_SEMICOLON;
    if (c == '$')
        return dollar(l);
    if (c == ':')
        return colon(l);
    return starts_name(c) ? word(l) : punctuation(l);
}

static bool begins_statement(struct slice found)
{
    static const char *const words[] = {"select", "with",   "values", "table",  "insert",
                                        "update", "delete", "merge",  "replace"};
    for (unsigned i = 0; i < ARRAY_LEN(words); i++)
        if (slice_eq_nocase(found, slice_str(words[i])))
            return true;
    return false;
}

static void complain_param(struct lexer *l, const struct config_query *query, struct slice name)
{
    struct place at = l->place;
    struct nearest nearest = nearest_begin(name);
    for (unsigned i = 0; i < query->param_count; i++)
        nearest_offer(&nearest, query->params[i].name.text);
    if (param_is_builtin(name))
        complain(l->walk->complaints, at, "`:" SLICE_FMT "` is not built yet: take it out", SLICE_ARG(name));
    else if (nearest.best.data)
        complain(l->walk->complaints, at, "`:" SLICE_FMT "` is not declared: did you mean `:" SLICE_FMT "`?",
                 SLICE_ARG(name), SLICE_ARG(nearest.best));
    else
        complain(l->walk->complaints, at, "`:" SLICE_FMT "` is not declared: add it to `params` in the head",
                 SLICE_ARG(name));
}

/* Ends the present piece before the `:name` and begins the next behind it. */
static void take_param(struct lexer *l, struct config_query *query, struct config_sql *sql, size_t *piece_at)
{
    PRE(l->text.data[l->at] == ':' && *piece_at <= l->at);
    struct slice name = slice_of(l->text.data + l->at + 1, l->end - l->at - 1);
    unsigned index = 0;
    while (index < query->param_count && !slice_eq(query->params[index].name.text, name))
        index++;
    const struct word word = {name, l->place};
    if (index == query->param_count && !param_of_caller(l->walk, query, word, &index)) {
        complain_param(l, query, name);
        return;
    }
    sql->pieces[sql->count] = slice_of(l->text.data + *piece_at, l->at - *piece_at);
    sql->params[sql->count++] = index;
    *piece_at = l->end;
}

/* The first word, and that nothing follows the `;`. False: a complaint was made. */
static bool statement_goes_on(struct lexer *l, enum token token, bool *begun, bool ended)
{
    bool opening = !*begun && token == TOKEN_OTHER && l->text.data[l->at] == '(';
    if (token == TOKEN_SPACE || opening || (ended && token == TOKEN_SEMICOLON))
        return true;
    struct slice found = slice_of(l->text.data + l->at, l->end - l->at);
    if (ended) {
        complain(l->walk->complaints, l->place,
                 "a second statement begins here: a named query is one statement");
        return false;
    }
    if (!*begun && !(token == TOKEN_WORD && begins_statement(found))) {
        complain(l->walk->complaints, l->place,
                 "found `" SLICE_FMT
                 "`, expected SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE or REPLACE",
                 SLICE_ARG(found));
        return false;
    }
    *begun = true;
    return true;
}

static size_t count_byte(struct slice text, char byte)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == byte;
    return count;
}

static void check_params_used(struct walk *walk, const struct config_query *query,
                              const struct config_sql *sql)
{
    for (unsigned i = 0; i < query->param_count; i++) {
        bool used = false;
        for (unsigned j = 0; j < sql->count; j++)
            used |= sql->params[j] == i;
        if (!used && query->params[i].from == PARAM_CLIENT)
            complain(walk->complaints, query->params[i].name.at,
                     "`" SLICE_FMT "` is declared, but %s does not use `:" SLICE_FMT "`",
                     SLICE_ARG(query->params[i].name.text), sql->at.file,
                     SLICE_ARG(query->params[i].name.text));
    }
}

void sql_cut(struct walk *walk, struct sql_source source, struct place start, struct config_query *query,
             struct config_sql *ret_sql)
{
    struct lexer l = {.walk = walk,
                      .text = arena_copy(walk->arena, source.bytes),
                      .place = start,
                      .variant = source.variant};
    size_t marks = count_byte(l.text, ':'), piece_at = 0, significant_end = 0; /* 0: nothing yet */
    struct config_sql sql = {.pieces = ARENA_ARRAY(walk->arena, struct slice, marks + 1),
                             .params = ARENA_ARRAY(walk->arena, unsigned, marks + 1),
                             .at = start};
    bool begun = false, ended = false;
    while (l.at < l.text.len) {
        enum token token = next_token(&l);
        IMPLIES(token != TOKEN_BAD, l.end > l.at && l.end <= l.text.len);
        if (token == TOKEN_BAD || !statement_goes_on(&l, token, &begun, ended))
            return;
        if (token != TOKEN_SPACE && significant_end == 0) {
            piece_at = l.at; /* what stands before the statement is not sent */
            sql.at = l.place;
        }
        if (token == TOKEN_PARAM)
            take_param(&l, query, &sql, &piece_at);
        if (token == TOKEN_FOREIGN && !sql.foreign.line)
            sql.foreign = l.place;
        ended |= begun && token == TOKEN_SEMICOLON;
        if (token != TOKEN_SPACE && token != TOKEN_SEMICOLON)
            significant_end = l.end;
        l.place = place_after(l.place, slice_of(l.text.data + l.at, l.end - l.at));
        l.at = l.end;
    }
    if (!begun) {
        complain(walk->complaints, start, "expected a statement behind the head");
        return;
    }
    sql.pieces[sql.count] = slice_of(l.text.data + piece_at, significant_end - piece_at);
    check_params_used(walk, query, &sql);
    *ret_sql = sql;
}
