/* SPDX-License-Identifier: Apache-2.0 */
/* See verifier.h. */
#include "request/verifier.h"

#include <pthread.h>

#include "auth/credential.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/offload.h"

enum { VERIFIER_MAGIC = 0x56657269, REMEMBERED_SLOTS = 1024, REMEMBER_MS = 60000 };

struct remembered {
    unsigned char key[CREDENTIAL_HASH_BYTES];
    struct mono until;
};

struct verifier {
    uint32_t magic;
    struct offload *pool;
    atomic_bool stopping;
    struct credential_salt salt;
    pthread_mutex_t lock; /* guards all below */
    struct list running;  /* struct verification */
    struct list ended;    /* those that wait for their letter */
    struct remembered remembered[REMEMBERED_SLOTS];
    char decoy[PASSWORD_HASH_BYTES_MAX];
    struct verifier_counts counts;
};

struct verification {
    struct job job;
    struct list link;
    struct verifier *verifier;
    unsigned char key[CREDENTIAL_HASH_BYTES];
    struct list askers;
    struct slice hash, password; /* in texts */
    size_t bytes;
    char texts[];
};

static void verification_free(struct verification *verification)
{
    credential_wipe(slice_of(verification->texts, verification->bytes));
    mem_free(verification);
}

/* --- what is remembered; under the lock --- */

static struct remembered *slot_of(struct verifier *verifier, const unsigned char key[CREDENTIAL_HASH_BYTES])
{
    return &verifier->remembered[(key[0] | (unsigned)key[1] << 8) % REMEMBERED_SLOTS];
}

static bool is_remembered(struct verifier *verifier, const unsigned char key[CREDENTIAL_HASH_BYTES])
{
    const struct remembered *slot = slot_of(verifier, key);
    return slot->until.us > clock_mono().us && credential_bytes_eq(slot->key, key, sizeof slot->key);
}

static void remember(struct verifier *verifier, const unsigned char key[CREDENTIAL_HASH_BYTES])
{
    struct remembered *slot = slot_of(verifier, key);
    memcpy(slot->key, key, sizeof slot->key);
    slot->until = mono_after_ms(clock_mono(), REMEMBER_MS);
}

static void keep_decoy(struct verifier *verifier, struct slice hash)
{
    if (hash.len >= sizeof verifier->decoy)
        return;
    memcpy(verifier->decoy, hash.data, hash.len);
    verifier->decoy[hash.len] = 0;
}

/* --- on the pool's threads --- */

static void on_letter(struct letter *letter)
{
    struct asker *asker = container_of(letter, struct asker, letter);
    asker->on_result(asker);
}

static void tell(struct list *askers, enum password_result result, bool abandoned, const char *new_hash)
{
    struct list *link;
    while ((link = list_shift(askers)) != NULL) {
        struct asker *asker = container_of(link, struct asker, link);
        asker->result = result;
        asker->abandoned = abandoned;
        memcpy(asker->new_hash, new_hash, strlen(new_hash) + 1);
        new_hash = ""; /* one of them writes it */
        asker->letter.on_receive = on_letter;
        loop_post(asker->loop, &asker->letter); /* its owner may be gone from here on */
    }
}

static void note_end(struct verification *verification, enum password_result result, struct list *ret_askers)
{
    struct verifier *verifier = verification->verifier;
    bool right = result == PASSWORD_RIGHT || result == PASSWORD_RIGHT_OLD;
    list_init(ret_askers);
    (void)pthread_mutex_lock(&verifier->lock);
    list_remove(&verification->link);
    list_push(&verifier->ended, &verification->link);
    list_move_all(ret_askers, &verification->askers);
    verifier->counts.verified++;
    if (right)
        remember(verifier, verification->key);
    if (result != PASSWORD_UNKNOWN)
        keep_decoy(verifier, verification->hash);
    (void)pthread_mutex_unlock(&verifier->lock);
}

/* A hash that cannot be verified takes as long as one that can. */
static void spend_time(struct verification *verification)
{
    char decoy[PASSWORD_HASH_BYTES_MAX];
    verifier_decoy(verification->verifier, decoy);
    (void)password_verify(slice_str(decoy), verification->password);
}

static void run(struct job *job)
{
    struct verification *verification = container_of(job, struct verification, job);
    bool abandoned = atomic_load(&verification->verifier->stopping);
    enum password_result result = PASSWORD_WRONG;
    char new_hash[PASSWORD_HASH_BYTES_MAX] = "";
    struct list askers;
    if (!abandoned)
        result = password_verify(verification->hash, verification->password);
    if (result == PASSWORD_UNKNOWN)
        spend_time(verification);
    if (result == PASSWORD_RIGHT_OLD && password_hash(verification->password, new_hash) != OK)
        new_hash[0] = 0; /* the next login tries again */
    note_end(verification, result, &askers);
    tell(&askers, result, abandoned, new_hash);
}

static void on_done(struct job *job)
{
    struct verification *verification = container_of(job, struct verification, job);
    struct verifier *verifier = verification->verifier;
    (void)pthread_mutex_lock(&verifier->lock);
    list_remove(&verification->link);
    (void)pthread_mutex_unlock(&verifier->lock);
    verification_free(verification);
}

/* --- asking --- */

static struct verification *verification_new(struct verifier *verifier, struct loop *home,
                                             const unsigned char key[CREDENTIAL_HASH_BYTES],
                                             struct slice password, struct slice hash)
{
    size_t bytes = password.len + hash.len;
    struct verification *verification = mem_try(sizeof *verification + bytes);
    if (!verification)
        return NULL;
    verification->job = (struct job){.run = run, .on_done = on_done, .home = home};
    verification->verifier = verifier;
    verification->bytes = bytes;
    memcpy(verification->key, key, sizeof verification->key);
    memcpy(mempcpy(verification->texts, password.data, password.len), hash.data, hash.len);
    verification->password = slice_of(verification->texts, password.len);
    verification->hash = slice_of(verification->texts + password.len, hash.len);
    list_init(&verification->askers);
    return verification;
}

static struct verification *find_running(struct verifier *verifier,
                                         const unsigned char key[CREDENTIAL_HASH_BYTES])
{
    LIST_EACH (&verifier->running, link) {
        struct verification *verification = container_of(link, struct verification, link);
        if (credential_bytes_eq(verification->key, key, sizeof verification->key))
            return verification;
    }
    return NULL;
}

static enum asked begin(struct verifier *verifier, struct asker *asker,
                        const unsigned char key[CREDENTIAL_HASH_BYTES], struct slice password,
                        struct slice hash)
{
    struct verification *verification = verification_new(verifier, asker->loop, key, password, hash);
    if (!verification)
        return ASKED_FULL;
    list_push(&verifier->running, &verification->link);
    list_push(&verification->askers, &asker->link);
    if (offload_submit(verifier->pool, &verification->job) == OK)
        return ASKED_PENDING;
    list_remove(&asker->link);
    list_remove(&verification->link);
    verification_free(verification);
    return ASKED_FULL;
}

static enum asked ask(struct verifier *verifier, struct asker *asker,
                      const unsigned char key[CREDENTIAL_HASH_BYTES], struct slice password,
                      struct slice hash)
{
    if (is_remembered(verifier, key)) {
        verifier->counts.remembered++;
        return ASKED_RIGHT;
    }
    struct verification *same = find_running(verifier, key);
    if (same) {
        verifier->counts.shared++;
        list_push(&same->askers, &asker->link);
        return ASKED_SHARED;
    }
    enum asked asked = begin(verifier, asker, key, password, hash);
    verifier->counts.refused += asked == ASKED_FULL;
    return asked;
}

enum asked verifier_ask(struct verifier *verifier, struct asker *asker, struct slice account,
                        struct slice password, struct slice hash)
{
    CHECK_MAGIC(verifier, VERIFIER_MAGIC);
    PRE(asker->on_result && asker->loop);
    unsigned char who[CREDENTIAL_HASH_BYTES], key[CREDENTIAL_HASH_BYTES];
    credential_hash_salted(&verifier->salt, account, password, who);
    credential_hash_salted(&verifier->salt, slice_of((char *)who, sizeof who), hash, key);
    (void)pthread_mutex_lock(&verifier->lock);
    enum asked asked = ask(verifier, asker, key, password, hash);
    (void)pthread_mutex_unlock(&verifier->lock);
    return asked;
}

void verifier_decoy(struct verifier *verifier, char ret_hash[PASSWORD_HASH_BYTES_MAX])
{
    (void)pthread_mutex_lock(&verifier->lock);
    memcpy(ret_hash, verifier->decoy, sizeof verifier->decoy);
    (void)pthread_mutex_unlock(&verifier->lock);
}

void verifier_count(struct verifier *verifier, struct verifier_counts *ret_counts)
{
    (void)pthread_mutex_lock(&verifier->lock);
    *ret_counts = verifier->counts;
    (void)pthread_mutex_unlock(&verifier->lock);
}

/* --- life --- */

struct verifier *verifier_new(unsigned threads, unsigned queue_max)
{
    struct verifier *verifier = mem_must(sizeof *verifier);
    verifier->magic = VERIFIER_MAGIC;
    (void)pthread_mutex_init(&verifier->lock, NULL);
    list_init(&verifier->running);
    list_init(&verifier->ended);
    credential_salt_new(&verifier->salt);
    keep_decoy(verifier, password_decoy());
    verifier->pool = offload_new(threads, queue_max);
    return verifier;
}

void verifier_stop(struct verifier *verifier)
{
    CHECK_MAGIC(verifier, VERIFIER_MAGIC);
    atomic_store(&verifier->stopping, true);
}

void verifier_free(struct verifier *verifier)
{
    struct list *link;
    if (!verifier)
        return;
    verifier_stop(verifier);
    offload_free(verifier->pool);
    PRE(list_empty(&verifier->running));
    while ((link = list_shift(&verifier->ended)) != NULL) /* their loops turn no more */
        verification_free(container_of(link, struct verification, link));
    (void)pthread_mutex_destroy(&verifier->lock);
    verifier->magic = 0;
    mem_free(verifier);
}
