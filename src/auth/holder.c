/* SPDX-License-Identifier: Apache-2.0 */
/* See holder.h. */
#include "auth/holder.h"

#include <sodium.h>

#include "base/mem.h"

/* So long the others go on with what is there while the first looks again. */
#define LOOKING_MS 250

struct entry {
    unsigned char hash[CREDENTIAL_HASH_BYTES];
    struct holder holder;
    char texts[]; /* of the holder */
};

struct known {
    struct credential_salt salt;
    struct entry *slots[KNOWN_SLOTS];
};

struct known *known_new(void)
{
    struct known *known = mem_must(sizeof *known);
    credential_salt_new(&known->salt);
    return known;
}

void known_free(struct known *known)
{
    for (unsigned i = 0; known && i < KNOWN_SLOTS; i++)
        mem_free(known->slots[i]);
    mem_free(known);
}

void known_hash(const struct known *known, struct slice credential,
                unsigned char ret_hash[CREDENTIAL_HASH_BYTES])
{
    credential_hash_salted(&known->salt, credential, SLICE(""), ret_hash);
}

static struct entry **slot_of(struct known *known, const unsigned char hash[CREDENTIAL_HASH_BYTES])
{
    return &known->slots[(hash[0] | (unsigned)hash[1] << 8) % KNOWN_SLOTS];
}

struct holder *known_get(struct known *known, const unsigned char hash[CREDENTIAL_HASH_BYTES],
                         uint64_t generation, struct mono now, struct wall wall)
{
    struct entry *entry = *slot_of(known, hash);
    if (!entry || sodium_memcmp(entry->hash, hash, sizeof entry->hash) != 0)
        return NULL;
    struct holder *holder = &entry->holder;
    bool expired = holder->expires_s && holder->expires_s <= wall.us / 1000000;
    if (expired || holder->generation != generation)
        return NULL;
    if (holder->fresh_until.us > now.us)
        return holder;
    holder->fresh_until = mono_after_ms(now, LOOKING_MS);
    return NULL;
}

static struct slice keep(char **to, struct slice text)
{
    if (!text.data)
        return text;
    struct slice kept = slice_of(*to, text.len);
    memcpy(*to, text.data, text.len);
    *to += text.len;
    return kept;
}

void known_put(struct known *known, const unsigned char hash[CREDENTIAL_HASH_BYTES],
               const struct holder *holder)
{
    size_t bytes =
        holder->user.len + holder->tenant.len + holder->role.len + holder->key_id.len + holder->scope.len;
    struct entry **slot = slot_of(known, hash), *entry = mem_try(sizeof *entry + bytes);
    if (!entry)
        return;
    char *to = entry->texts;
    memcpy(entry->hash, hash, sizeof entry->hash);
    entry->holder = *holder;
    entry->holder.user = keep(&to, holder->user);
    entry->holder.tenant = keep(&to, holder->tenant);
    entry->holder.role = keep(&to, holder->role);
    entry->holder.key_id = keep(&to, holder->key_id);
    entry->holder.scope = keep(&to, holder->scope);
    POST(to == entry->texts + bytes);
    mem_free(*slot);
    *slot = entry;
}

void known_drop(struct known *known, const unsigned char hash[CREDENTIAL_HASH_BYTES])
{
    struct entry **slot = slot_of(known, hash);
    if (!*slot || sodium_memcmp((*slot)->hash, hash, sizeof(*slot)->hash) != 0)
        return;
    mem_free(*slot);
    *slot = NULL;
}

static struct slice copy(struct arena *arena, struct slice text)
{
    return text.data ? arena_copy(arena, text) : text;
}

void holder_become(const struct holder *holder, const struct config_auth *auth, struct arena *arena,
                   struct principal *principal)
{
    PRE(holder->credential != CREDENTIAL_NONE);
    identify_role(auth, holder->role, &principal->caller);
    principal->caller.user = copy(arena, holder->user);
    principal->caller.tenant = copy(arena, holder->tenant);
    principal->credential = holder->credential;
    principal->key_id = copy(arena, holder->key_id);
    principal->caller.scope = copy(arena, holder->scope);
    memcpy(principal->token_id, holder->token_id, sizeof principal->token_id);
    principal->expires_s = holder->expires_s;
}

void token_id(struct slice bytes, char ret_id[TOKEN_ID_LEN + 1])
{
    char digits[2 * CREDENTIAL_HASH_BYTES + 1];
    credential_hash_text(bytes, digits);
    memcpy(ret_id, digits, TOKEN_ID_LEN);
    ret_id[TOKEN_ID_LEN] = 0;
}
