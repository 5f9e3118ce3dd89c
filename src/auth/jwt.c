/* SPDX-License-Identifier: Apache-2.0 */
/* A token is taken apart, its signature is verified, and only then its claims are read. */
#include "auth/jwt.h"

#include <sodium.h>
#include <stdlib.h>

#include "auth/jwt_key.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/json_walk.h"
#include "base/mem.h"

static const struct slice alg_names[] = {[JWT_HS256] = SLICE_INIT("HS256"),
                                         [JWT_RS256] = SLICE_INIT("RS256"),
                                         [JWT_ES256] = SLICE_INIT("ES256"),
                                         [JWT_EDDSA] = SLICE_INIT("EdDSA")};

bool jwt_alg_read(struct slice name, enum jwt_alg *ret_alg)
{
    for (size_t i = 0; i < ARRAY_LEN(alg_names); i++)
        if (slice_eq(name, alg_names[i])) {
            *ret_alg = (enum jwt_alg)i;
            return true;
        }
    return false;
}

void jwt_keys_of_secret(struct slice secret, struct jwt_keys *ret_keys)
{
    PRE(secret.len >= JWT_SECRET_BYTES_MIN);
    struct jwt_key *key = mem_must(sizeof *key);
    key->secret = slice_of(mem_dup(secret.data, secret.len), secret.len);
    *ret_keys = (struct jwt_keys){.alg = JWT_HS256, .keys = key, .count = 1};
}

void jwt_keys_done(struct jwt_keys *keys)
{
    for (unsigned i = 0; i < keys->count; i++)
        jwt_key_done(&keys->keys[i]);
    mem_free(keys->keys);
    *keys = (struct jwt_keys){0};
}

/* --- taking apart --- */

struct parts {
    struct slice signed_part, claims, signature; /* decoded, but for the first */
    struct slice alg, kid;                       /* kid: data NULL: none */
};

static enum error refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return ERR_INVALID;
}

struct slice jwt_signed_part(struct slice token)
{
    size_t first = slice_find(token, '.');
    size_t second = slice_find(slice_skip(token, first + 1), '.');
    size_t len = first + 1 + second;
    return len < token.len ? slice_of(token.data, len) : token;
}

static bool decode_object(struct arena *arena, struct slice text, struct slice *ret_json)
{
    struct json_walk walk;
    return base64url_decode(arena, text, ret_json) && json_is_valid(*ret_json) &&
           json_walk_object(*ret_json, &walk);
}

/* Tokens made for another use than to bear an identity say so (RFC 8725, 3.11). */
static bool type_fits(struct arena *arena, struct slice header)
{
    struct slice type;
    enum error error = json_member_text(arena, header, SLICE("typ"), &type);
    return error == ERR_ABSENT ||
           (!error && (slice_eq_nocase(type, SLICE("JWT")) || slice_eq_nocase(type, SLICE("at+jwt")) ||
                       slice_eq_nocase(type, SLICE("application/at+jwt"))));
}

static enum error read_header(struct arena *arena, struct slice header, struct parts *parts,
                              const char **ret_why)
{
    struct slice unused;
    if (json_member_text(arena, header, SLICE("alg"), &parts->alg))
        return refuse(ret_why, "its header names no algorithm");
    enum error kid = json_member_text(arena, header, SLICE("kid"), &parts->kid);
    if (kid && kid != ERR_ABSENT)
        return refuse(ret_why, "its kid is no text");
    if (json_member(arena, header, SLICE("crit"), &unused) != ERR_ABSENT)
        return refuse(ret_why, "its header has crit");
    if (!type_fits(arena, header))
        return refuse(ret_why, "it is a token of another type");
    return OK;
}

static enum error take_apart(struct arena *arena, struct slice token, struct parts *parts,
                             const char **ret_why)
{
    struct slice rest = token, header;
    if (token.len > JWT_BYTES_MAX)
        return refuse(ret_why, "it is too long");
    *parts = (struct parts){.signed_part = jwt_signed_part(token)};
    struct slice head_text = slice_cut(&rest, '.');
    struct slice claims_text = slice_cut(&rest, '.');
    if (!rest.data)
        return refuse(ret_why, "it is no token of three parts");
    if (!decode_object(arena, head_text, &header) || !decode_object(arena, claims_text, &parts->claims) ||
        !base64url_decode(arena, rest, &parts->signature))
        return refuse(ret_why, "it is not well-formed");
    return read_header(arena, header, parts, ret_why);
}

/* --- the signature --- */

/* A kid chooses, where keys have one; what has none may be anyone's. */
static bool may_be(const struct jwt_key *key, struct slice kid)
{
    return !kid.data || !key->kid.data || slice_eq(kid, key->kid);
}

static bool is_signed_by(const struct jwt_issuer *issuer, const struct parts *parts)
{
    for (unsigned i = 0; i < issuer->keys.count; i++) {
        const struct jwt_key *key = &issuer->keys.keys[i];
        if (may_be(key, parts->kid) &&
            jwt_key_verifies(key, issuer->keys.alg, parts->signed_part, parts->signature))
            return true;
    }
    return false;
}

/* --- the claims --- */

/* Seconds since 1970 (NumericDate: fractions are allowed). ERR_ABSENT, ERR_INVALID. */
static enum error read_time(struct arena *arena, struct slice claims, struct slice name, int64_t *ret_s)
{
    struct slice text;
    enum error error = json_member(arena, claims, name, &text);
    if (error)
        return error;
    if (!json_is_number(text) || text.len > 32)
        return ERR_INVALID;
    double seconds = strtod(arena_copy(arena, text).data, NULL);
    if (!(seconds >= 0 && seconds <= 253402300799.0)) /* the year 9999 */
        return ERR_INVALID;
    *ret_s = (int64_t)seconds;
    return OK;
}

static enum error check_times(struct arena *arena, struct slice claims, struct wall now, int64_t *ret_expires,
                              const char **ret_why)
{
    int64_t now_s = now.us / 1000000, not_before = 0;
    if (read_time(arena, claims, SLICE("exp"), ret_expires))
        return refuse(ret_why, "it has no exp");
    enum error error = read_time(arena, claims, SLICE("nbf"), &not_before);
    if (error && error != ERR_ABSENT)
        return refuse(ret_why, "its nbf is no time");
    if (*ret_expires + JWT_LEEWAY_S <= now_s)
        return refuse(ret_why, "it has expired");
    if (not_before - JWT_LEEWAY_S > now_s)
        return refuse(ret_why, "it is not valid yet");
    return OK;
}

static bool is_text(struct arena *arena, struct slice value, struct slice expected)
{
    struct slice text;
    return json_unescape(arena, value, &text) && slice_eq(text, expected);
}

/* `aud` is a text or a list of such. Who is not told which audience to be is none of them (RFC 7519, 4.1.3). */
static bool audience_fits(struct arena *arena, struct slice claims, struct slice audience)
{
    struct json_walk walk;
    struct slice value, element;
    enum error error = json_member(arena, claims, SLICE("aud"), &value);
    if (error)
        return error == ERR_ABSENT && !audience.data;
    if (!audience.data)
        return false;
    if (!json_walk_array(value, &walk))
        return is_text(arena, value, audience);
    while (json_walk_next(&walk, NULL, &element))
        if (is_text(arena, element, audience))
            return true;
    return false;
}

static bool issuer_fits(struct arena *arena, struct slice claims, struct slice issuer)
{
    struct slice value;
    return !issuer.data ||
           (!json_member_text(arena, claims, SLICE("iss"), &value) && slice_eq(value, issuer));
}

/* An integer counts as its digits: users and tenants have numbers as often as names. */
static bool is_integer(struct slice text)
{
    int64_t unused;
    return json_is_number(text) && slice_to_int(text, &unused);
}

static enum error read_claim(struct arena *arena, struct slice claims, struct slice name,
                             struct slice *ret_text)
{
    struct slice value;
    if (!name.data)
        return OK;
    enum error error = json_member(arena, claims, name, &value);
    if (error == ERR_ABSENT || (!error && slice_eq(value, SLICE("null"))))
        return OK;
    if (error)
        return error;
    struct slice text = value;
    if (!is_integer(value) && !json_unescape(arena, value, &text))
        return ERR_INVALID;
    if (text.len == 0 || text.len > JWT_CLAIM_BYTES_MAX || memchr(text.data, 0, text.len))
        return ERR_INVALID;
    *ret_text = arena_copy(arena, text);
    return OK;
}

static enum error read_claims(const struct jwt_issuer *issuer, struct slice text, struct wall now,
                              struct arena *arena, struct jwt_claims *claims, const char **ret_why)
{
    enum error error = check_times(arena, text, now, &claims->expires_s, ret_why);
    if (error)
        return error;
    if (!issuer_fits(arena, text, issuer->issuer))
        return refuse(ret_why, "it is of another issuer");
    if (!audience_fits(arena, text, issuer->audience))
        return refuse(ret_why, "it is for another audience");
    if (read_claim(arena, text, issuer->user, &claims->user) ||
        read_claim(arena, text, issuer->tenant, &claims->tenant) ||
        read_claim(arena, text, issuer->role, &claims->role))
        return refuse(ret_why, "a claim is neither a text nor an integer, or is too long");
    if (!claims->user.data)
        return refuse(ret_why, "it names no user");
    return OK;
}

enum error jwt_verify(const struct jwt_issuer *issuers, unsigned count, struct slice token, struct wall now,
                      struct arena *arena, struct jwt_claims *ret_claims, const char **ret_why)
{
    struct parts parts;
    enum error error = take_apart(arena, token, &parts, ret_why);
    if (error)
        return error;
    *ret_why = "its algorithm is not the one of any key";
    for (unsigned i = 0; i < count; i++) {
        struct jwt_claims claims = {.issuer = i};
        if (!slice_eq(parts.alg, alg_names[issuers[i].keys.alg]))
            continue;
        if (!is_signed_by(&issuers[i], &parts)) {
            *ret_why = "its signature is of no key";
            continue;
        }
        error = read_claims(&issuers[i], parts.claims, now, arena, &claims, ret_why);
        if (!error) {
            *ret_claims = claims;
            return OK;
        }
    }
    return ERR_INVALID;
}

/* --- our own --- */

static void add_claim(struct buf *buf, struct slice name, struct slice value)
{
    if (!name.data || !value.data)
        return;
    buf_byte(buf, ',');
    buf_json(buf, name);
    buf_byte(buf, ':');
    buf_json(buf, value);
}

static struct slice claims_text(const struct jwt_issuer *issuer, const struct jwt_claims *claims,
                                struct slice id, struct wall now, struct arena *arena)
{
    struct buf buf;
    buf_init(&buf, JWT_BYTES_MAX);
    buf_format(&buf, "{\"iat\":%lld,\"exp\":%lld", (long long)(now.us / 1000000),
               (long long)claims->expires_s);
    add_claim(&buf, SLICE("jti"), id);
    add_claim(&buf, SLICE("iss"), issuer->issuer);
    add_claim(&buf, SLICE("aud"), issuer->audience);
    add_claim(&buf, issuer->user, claims->user);
    add_claim(&buf, issuer->tenant, claims->tenant);
    add_claim(&buf, issuer->role, claims->role);
    buf_byte(&buf, '}');
    PRE(!buf.failed);
    struct slice text = base64url_encode(arena, buf_slice(&buf));
    buf_done(&buf);
    return text;
}

struct slice jwt_sign(const struct jwt_issuer *issuer, const struct jwt_claims *claims, struct slice id,
                      struct wall now, struct arena *arena)
{
    static const struct slice header = SLICE_INIT("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    PRE(issuer->keys.alg == JWT_HS256 && issuer->keys.count == 1);
    struct slice secret = issuer->keys.keys[0].secret;
    struct slice head = base64url_encode(arena, header);
    struct slice body = claims_text(issuer, claims, id, now, arena);
    struct slice text = arena_format(arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(head), SLICE_ARG(body));
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.data, secret.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.data, text.len);
    crypto_auth_hmacsha256_final(&state, mac);
    struct slice signature = base64url_encode(arena, slice_of((char *)mac, sizeof mac));
    return arena_format(arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(text), SLICE_ARG(signature));
}

void jwt_derive(const struct jwt_issuer *issuer, struct slice purpose,
                unsigned char ret_secret[JWT_DERIVED_BYTES])
{
    _Static_assert(JWT_DERIVED_BYTES == crypto_auth_hmacsha256_BYTES, "a MAC");
    crypto_auth_hmacsha256_state state;
    PRE(issuer->keys.alg == JWT_HS256 && issuer->keys.count == 1);
    PRE(purpose.len > 0 && slice_find(purpose, '.') == purpose.len); /* no part of a token */
    struct slice secret = issuer->keys.keys[0].secret;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.data, secret.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)purpose.data, purpose.len);
    crypto_auth_hmacsha256_final(&state, ret_secret);
}
