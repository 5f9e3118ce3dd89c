/* SPDX-License-Identifier: Apache-2.0 */
/* What `auth:` says of credentials: the secret, foreign keys, what is audited. See walk.h. Whether the table of logins has its columns,
 * and what a set of keys holds, is seen later, by auth/. */
#include "base/nearest.h"
#include "config/walk.h"

/* --- secret: auto | a text | file:PATH --- */

static const struct slice masked = SLICE_INIT("********************************");

static void read_secret(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    if (node->kind != NODE_TEXT || node->text.len == 0) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    struct word secret = walk_word(node);
    bool is_auto = key->zero && slice_eq(node->text, slice_str(key->zero));
    if (slice_starts(secret.text, SLICE("file:")) && !walk_secret(walk, key->name, "secret", &secret))
        return;
    if (!is_auto && secret.text.len < SECRET_LEN_MIN)
        complain(walk->complaints, node->at,
                 "`%s`: it has %zu bytes, expected %d or more: `openssl rand -hex 32` makes a good one",
                 key->name, secret.text.len, (int)SECRET_LEN_MIN);
    else
        *(struct word *)field = secret;
}

/* It is never shown. */
static void print_secret(struct printer *printer, const struct key *key, const void *field)
{
    struct word word = *(const struct word *)field;
    if (word.text.data && !(key->zero && slice_eq(word.text, slice_str(key->zero))))
        word.text = masked;
    kind_text.print(printer, key, &word);
}

const struct kind kind_secret = {.expected = "a secret of 32 bytes or more, or `file:PATH`",
                                 .read = read_secret,
                                 .print = print_secret};

/* --- keys: [{alg: RS256, jwks: keys.json, issuer: …, audience: …, claims: {…}}] --- */

static void read_key_file(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct word *file = field;
    kind_text.read(walk, key, node, file);
    if (file->text.data && file->at.line)
        file->text = walk_path(walk, file->text);
}

static void print_key_file(struct printer *printer, const struct key *key, const void *field)
{
    kind_text.print(printer, key, field);
}

const struct kind kind_key_file = {.expected = "a file with a JSON Web Key Set, such as `keys.json`",
                                   .read = read_key_file,
                                   .print = print_key_file};

enum { ALG_NOT_GIVEN = 4 };
static const char *const algs[] = {"HS256", "RS256", "ES256", "EdDSA", NULL}; /* as enum jwt_alg */

static void read_alg(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    const struct key choice = {.name = key->name, .kind = &kind_choice, .choices = algs};
    *(unsigned *)field = 0; /* whatever is wrong with it, it was given */
    kind_choice.read(walk, &choice, node, field);
}

static void print_alg(struct printer *printer, const struct key *key, const void *field)
{
    const struct key choice = {.name = key->name, .kind = &kind_choice, .choices = algs};
    kind_choice.print(printer, &choice, field);
}

const struct kind kind_alg = {.expected = "an algorithm such as `RS256`",
                              .read = read_alg,
                              .print = print_alg};

static void check_foreign(struct walk *walk, const struct config_foreign *foreign)
{
    const struct word *either = foreign->jwks.text.data ? &foreign->jwks : &foreign->secret;
    if (foreign->alg == ALG_NOT_GIVEN)
        complain(walk->complaints, foreign->at,
                 "`keys`: `alg` is lacking: a key is of one algorithm, HS256, RS256, ES256 or EdDSA");
    if (!either->text.data || (foreign->jwks.text.data && foreign->secret.text.data))
        complain(walk->complaints, foreign->at,
                 "`keys`: expected either `jwks: FILE` or, for HS256, `secret: TEXT`");
    else if (foreign->secret.text.data && foreign->alg > 0 && foreign->alg < ALG_NOT_GIVEN)
        complain(walk->complaints, foreign->secret.at,
                 "`keys`: a secret is for HS256: for %s name a set of public keys by `jwks: FILE`",
                 algs[foreign->alg]);
}

static void read_foreign(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct config_auth *auth = field;
    bool good = node->kind == NODE_LIST && node->count > 0;
    for (const struct node *item = node->first; good && item; item = item->next)
        good = item->kind == NODE_MAP;
    if (!good) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    auth->foreign = ARENA_ARRAY(walk->arena, struct config_foreign, node->count);
    auth->foreign_count = 0;
    for (const struct node *item = node->first; item; item = item->next) {
        struct config_foreign *foreign = &auth->foreign[auth->foreign_count++];
        foreign->alg = ALG_NOT_GIVEN;
        foreign->at = item->at;
        foreign->claims.user.text = SLICE("sub");
        walk_section(walk, &section_foreign, item, "`keys`", foreign);
        check_foreign(walk, foreign);
    }
}

static void print_foreign(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_auth *auth = field;
    if (auth->foreign_count == 0)
        return;
    print_name(printer, key->name);
    buf_byte(printer->out, '\n');
    printer->indent += 2;
    for (unsigned i = 0; i < auth->foreign_count; i++) {
        buf_format(printer->out, "%*s-\n", (int)printer->indent, "");
        printer->indent += 2;
        print_section(printer, &section_foreign, &auth->foreign[i]);
        printer->indent -= 2;
    }
    printer->indent -= 2;
}

const struct kind kind_foreign = {
    .expected =
        "a list of keys such as `[{alg: RS256, jwks: keys.json, issuer: https://id.example, audience: leat}]`",
    .read = read_foreign,
    .print = print_foreign};

/* --- audit: [logins, writes] --- */

static const char *const audits[] = {"logins", "writes", NULL}; /* in the order of enum config_audit */

static void read_audited(struct walk *walk, const struct key *key, const struct node *node, unsigned *audit)
{
    for (unsigned i = 0; node->kind == NODE_TEXT && audits[i]; i++)
        if (slice_eq(node->text, slice_str(audits[i]))) {
            *audit |= 1u << i;
            return;
        }
    walk_expected(walk, node, key->name, key->kind->expected);
}

static void read_audit(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    unsigned audit = 0;
    if (node->kind != NODE_LIST)
        read_audited(walk, key, node, &audit);
    for (const struct node *item = node->first; node->kind == NODE_LIST && item; item = item->next)
        read_audited(walk, key, item, &audit);
    *(unsigned *)field = audit;
}

static void print_audit(struct printer *printer, const struct key *key, const void *field)
{
    unsigned audit = *(const unsigned *)field, printed = 0;
    if (!audit)
        return;
    print_name(printer, key->name);
    for (unsigned i = 0; audits[i]; i++)
        if (audit & 1u << i)
            buf_format(printer->out, "%s%s", printed++ ? ", " : " [", audits[i]);
    buf_lit(printer->out, "]\n");
}

const struct kind kind_audit = {.expected = "what is kept in the audit log, of `[logins, writes]`",
                                .read = read_audit,
                                .print = print_audit};

/* --- all of it together --- */

void credentials_check(struct walk *walk)
{
    const struct config_auth *auth = &walk->config->auth;
    const struct word *given[] = {&auth->login.table, &auth->login.account, &auth->login.password};
    const struct word *first = NULL;
    unsigned count = 0;
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        first = !first && given[i]->text.data ? given[i] : first;
        count += given[i]->text.data != NULL;
    }
    if (count && count < ARRAY_LEN(given))
        complain(walk->complaints, first->at,
                 "`login`: expected a table, its account and its password: "
                 "{table: users, account: email, password: password_hash}");
    if (count && !auth->claims.user.text.data)
        complain(walk->complaints, first->at,
                 "`login` needs the column that users are called by: `claims: {user: id}`");
}
