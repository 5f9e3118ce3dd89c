/* SPDX-License-Identifier: Apache-2.0 */
/* See identity.h. */
#include "request/identity.h"

#include <pthread.h>
#include <stdatomic.h>

#include "auth/trust.h"
#include "base/map.h"
#include "base/mem.h"

enum { IDENTITY_MAGIC = 0x4964656e };

struct revoked {
    char id[TOKEN_ID_LEN];
    int64_t expires_s;
};

struct identity {
    uint32_t magic;
    _Atomic(struct jwt_issuer *) own;
    atomic_bool ready;
    atomic_uint_fast64_t revocations;
    pthread_mutex_t lock; /* guards revoked */
    struct map revoked;   /* id → struct revoked */
};

struct identity *identity_new(void)
{
    struct identity *identity = mem_must(sizeof *identity);
    identity->magic = IDENTITY_MAGIC;
    (void)pthread_mutex_init(&identity->lock, NULL);
    return identity;
}

void identity_free(struct identity *identity)
{
    if (!identity)
        return;
    CHECK_MAGIC(identity, IDENTITY_MAGIC);
    struct jwt_issuer *own = atomic_load(&identity->own);
    if (own)
        jwt_keys_done(&own->keys);
    mem_free(own);
    size_t position = 0;
    for (struct map_entry *entry; (entry = map_next(&identity->revoked, &position)) != NULL;)
        mem_free(entry->value);
    map_done(&identity->revoked);
    (void)pthread_mutex_destroy(&identity->lock);
    identity->magic = 0;
    mem_free(identity);
}

bool identity_is_ready(const struct identity *identity)
{
    return atomic_load_explicit(&identity->ready, memory_order_acquire);
}

void identity_set_ready(struct identity *identity)
{
    CHECK_MAGIC(identity, IDENTITY_MAGIC);
    atomic_store_explicit(&identity->ready, true, memory_order_release);
}

const struct jwt_issuer *identity_own(const struct identity *identity)
{
    return atomic_load_explicit(&identity->own, memory_order_acquire);
}

void identity_set_secret(struct identity *identity, struct slice secret)
{
    CHECK_MAGIC(identity, IDENTITY_MAGIC);
    PRE(atomic_load(&identity->own) == NULL);
    struct jwt_issuer *own = mem_must(sizeof *own);
    *own = trust_own_issuer();
    jwt_keys_of_secret(secret, &own->keys);
    atomic_store_explicit(&identity->own, own, memory_order_release);
}

/* Under the lock. */
static enum error revoke(struct identity *identity, const char id[TOKEN_ID_LEN + 1], int64_t expires_s)
{
    if (map_get(&identity->revoked, slice_of(id, TOKEN_ID_LEN)))
        return OK;
    if (identity->revoked.count == REVOKED_MAX)
        return ERR_LIMIT;
    struct revoked *revoked = mem_try(sizeof *revoked);
    if (!revoked)
        return ERR_MEMORY;
    memcpy(revoked->id, id, TOKEN_ID_LEN);
    revoked->expires_s = expires_s;
    map_put(&identity->revoked, slice_of(revoked->id, TOKEN_ID_LEN), revoked);
    atomic_fetch_add_explicit(&identity->revocations, 1, memory_order_release);
    return OK;
}

enum error identity_revoke(struct identity *identity, const char id[TOKEN_ID_LEN + 1], int64_t expires_s)
{
    CHECK_MAGIC(identity, IDENTITY_MAGIC);
    (void)pthread_mutex_lock(&identity->lock);
    enum error error = revoke(identity, id, expires_s);
    (void)pthread_mutex_unlock(&identity->lock);
    return error;
}

bool identity_has_revoked(struct identity *identity, const char id[TOKEN_ID_LEN + 1])
{
    CHECK_MAGIC(identity, IDENTITY_MAGIC);
    (void)pthread_mutex_lock(&identity->lock);
    bool revoked = map_get(&identity->revoked, slice_of(id, TOKEN_ID_LEN)) != NULL;
    (void)pthread_mutex_unlock(&identity->lock);
    return revoked;
}

uint64_t identity_revocations(const struct identity *identity)
{
    return atomic_load_explicit(&identity->revocations, memory_order_acquire);
}

void identity_sweep(struct identity *identity, int64_t now_s)
{
    struct map kept = {0};
    size_t position = 0;
    CHECK_MAGIC(identity, IDENTITY_MAGIC);
    (void)pthread_mutex_lock(&identity->lock);
    for (struct map_entry *entry; (entry = map_next(&identity->revoked, &position)) != NULL;) {
        struct revoked *revoked = entry->value;
        if (revoked->expires_s + 2 * JWT_LEEWAY_S > now_s)
            map_put(&kept, slice_of(revoked->id, TOKEN_ID_LEN), revoked);
        else
            mem_free(revoked);
    }
    map_done(&identity->revoked);
    identity->revoked = kept;
    (void)pthread_mutex_unlock(&identity->lock);
}
