/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of a SQL expression, as either store writes it in a catalogue. Internal to openapi/. Failure: false. Pure; texts are in the
 * arena or in what was cut. */
#ifndef LEAT_OPENAPI_TOKEN_H
#define LEAT_OPENAPI_TOKEN_H

#include "base/arena.h"
#include "base/check.h"

enum token_kind { TOKEN_NAME, TOKEN_QUOTED_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_SIGN };

struct token {
    enum token_kind kind;
    struct slice text; /* names and strings without their quotes */
};

/* False: too many, or a quote never closes. */
bool tokens_cut(struct arena *arena, struct slice text, struct token **ret_tokens, unsigned *ret_count);

/* An unquoted word, letter case aside; a sign such as `<=`. */
bool token_is_word(const struct token *token, const char *word);
bool token_is_sign(const struct token *token, const char *sign);

#endif
