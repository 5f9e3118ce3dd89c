/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: how many connections are open, in all and per address, over all workers.
 *
 * The whole is one atomic number. Addresses lie in a table of shards, each with its lock; an entry lives as long as a
 * connection of its address, so the table is never larger than what is open. An IPv6 client owns a /64 at least, so that is
 * its address here; an IPv4 address in IPv6's clothes (::ffff:a.b.c.d) counts as what it is.
 *
 * Failure: a limit reached is an answer, not an error. Memory running out ends the process: entries are few and small. */
#include "net/gate.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/mem.h"

enum { GATE_MAGIC = 0x47415445, SHARDS = 64, ADDRESS_BYTES_MAX = 9 };

struct address {
    unsigned count;
    uint8_t len;
    char bytes[ADDRESS_BYTES_MAX]; /* the family's first letter and the part that counts */
};

struct shard {
    pthread_mutex_t lock; /* guards addresses and what they point to */
    struct map addresses; /* struct address by its bytes */
};

struct gate {
    uint32_t magic;
    atomic_uint connections_max, per_address_max;
    atomic_uint count;
    _Atomic uint64_t last_id, accepted, refused;
    struct seats seats;
    struct shard shards[SHARDS];
};

struct gate *gate_new(unsigned connections_max, unsigned per_address_max)
{
    struct gate *gate = mem_must(sizeof *gate);
    gate->magic = GATE_MAGIC;
    gate_limits_set(gate, connections_max, per_address_max);
    seats_init(&gate->seats);
    for (unsigned i = 0; i < SHARDS; i++)
        pthread_mutex_init(&gate->shards[i].lock, NULL);
    return gate;
}

void gate_free(struct gate *gate)
{
    if (gate == NULL)
        return;
    CHECK_MAGIC(gate, GATE_MAGIC);
    PRE(atomic_load(&gate->count) == 0);
    seats_done(&gate->seats);
    for (unsigned i = 0; i < SHARDS; i++) {
        map_done(&gate->shards[i].addresses);
        pthread_mutex_destroy(&gate->shards[i].lock);
    }
    gate->magic = 0;
    mem_free(gate);
}

void gate_limits_set(struct gate *gate, unsigned connections_max, unsigned per_address_max)
{
    CHECK_MAGIC(gate, GATE_MAGIC);
    atomic_store(&gate->connections_max, connections_max);
    atomic_store(&gate->per_address_max, per_address_max);
}

unsigned gate_count(const struct gate *gate)
{
    return atomic_load(&gate->count);
}

struct seats *gate_seats(struct gate *gate)
{
    return &gate->seats;
}

uint64_t gate_next_id(struct gate *gate)
{
    return atomic_fetch_add(&gate->last_id, 1) + 1;
}

void gate_metrics(const struct gate *gate, struct metrics_page *page)
{
    metrics_gauge(page, "leat_connections", "Connections of clients that are open.",
                  atomic_load(&gate->count));
    metrics_gauge(page, "leat_connections_max", "Connections of clients that may be open.",
                  atomic_load(&gate->connections_max));
    metrics_counter(page, "leat_connections_accepted_total", "Connections of clients that were taken.",
                    atomic_load(&gate->accepted));
    metrics_counter(page, "leat_connections_refused_total",
                    "Connections of clients that were refused, too many in all or from one address.",
                    atomic_load(&gate->refused));
}

static void address_set(struct address *address, char family, const void *bytes, uint8_t len)
{
    PRE(len < ADDRESS_BYTES_MAX);
    address->bytes[0] = family;
    memcpy(address->bytes + 1, bytes, len);
    address->len = (uint8_t)(len + 1);
}

/* The part of the peer's address that counts. What is neither IPv4 nor IPv6 shares one entry. */
static struct address address_of(const struct sockaddr_storage *peer)
{
    struct address address = {0};
    const struct in6_addr *six = &((const struct sockaddr_in6 *)peer)->sin6_addr;
    if (peer->ss_family == AF_INET)
        address_set(&address, '4', &((const struct sockaddr_in *)peer)->sin_addr, 4);
    else if (peer->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(six))
        address_set(&address, '4', six->s6_addr + 12, 4);
    else if (peer->ss_family == AF_INET6)
        address_set(&address, '6', six->s6_addr, 8);
    else
        address_set(&address, '?', "", 0);
    return address;
}

static struct slice address_key(const struct address *address)
{
    return slice_of(address->bytes, address->len);
}

static struct shard *shard_of(struct gate *gate, struct slice key)
{
    return &gate->shards[(hash_bytes(key) >> 32) % SHARDS]; /* the map goes by the low bits */
}

/* With the shard's lock held. */
static bool count_in(struct shard *shard, const struct address *address, unsigned max)
{
    struct address *entry = map_get(&shard->addresses, address_key(address));
    if ((entry != NULL ? entry->count : 0) >= max)
        return false;
    if (entry == NULL) {
        entry = mem_must(sizeof *entry);
        *entry = *address;
        map_put(&shard->addresses, address_key(entry), entry);
    }
    entry->count++;
    return true;
}

/* With the shard's lock held. */
static void count_out(struct shard *shard, const struct address *address)
{
    struct address *entry = map_get(&shard->addresses, address_key(address));
    PRE(entry != NULL && entry->count > 0);
    if (--entry->count > 0)
        return;
    map_remove(&shard->addresses, address_key(entry));
    mem_free(entry);
}

bool gate_enter(struct gate *gate, const struct sockaddr_storage *peer)
{
    CHECK_MAGIC(gate, GATE_MAGIC);
    bool entered = atomic_fetch_add(&gate->count, 1) < atomic_load(&gate->connections_max);
    if (entered) {
        struct address address = address_of(peer);
        struct shard *shard = shard_of(gate, address_key(&address));
        pthread_mutex_lock(&shard->lock);
        entered = count_in(shard, &address, atomic_load(&gate->per_address_max));
        pthread_mutex_unlock(&shard->lock);
    }
    if (!entered)
        atomic_fetch_sub(&gate->count, 1);
    atomic_fetch_add(entered ? &gate->accepted : &gate->refused, 1);
    return entered;
}

void gate_leave(struct gate *gate, const struct sockaddr_storage *peer)
{
    CHECK_MAGIC(gate, GATE_MAGIC);
    struct address address = address_of(peer);
    struct shard *shard = shard_of(gate, address_key(&address));
    pthread_mutex_lock(&shard->lock);
    count_out(shard, &address);
    pthread_mutex_unlock(&shard->lock);
    unsigned before = atomic_fetch_sub(&gate->count, 1);
    POST(before > 0);
}
