/* SPDX-License-Identifier: Apache-2.0 */
/* Supplies and taps: counting who uses them. See supply.h.
 *
 * Why a tap that nobody uses is not detached at once: the last user may let go within a call of the store's own, and what
 * the store has given to other threads (a cancel, a look-up of a name, an abandoned statement) comes home by the loop. */
#include "request/supply.h"

#include "base/mem.h"

enum { SUPPLY_MAGIC = 0x53757070, TAP_MAGIC = 0x54617021, TAP_LOOK_MS = 20 };

/* ---- supplies ---- */

enum error supply_open(const struct store_options *options, struct offload *offload,
                       struct supply **ret_supply, char ret_why[512])
{
    struct store *store = NULL;
    enum error error = store_open(options, offload, &store, ret_why);
    if (error)
        return error;
    struct supply *supply = mem_must(sizeof *supply);
    supply->magic = SUPPLY_MAGIC;
    atomic_init(&supply->refs, 1);
    supply->options = *options;
    supply->options.url = slice_of(mem_dup(options->url.data, options->url.len), options->url.len);
    supply->store = store;
    supply->identity = identity_new();
    *ret_supply = supply;
    return OK;
}

struct supply *supply_ref(struct supply *supply)
{
    CHECK_MAGIC(supply, SUPPLY_MAGIC);
    atomic_fetch_add_explicit(&supply->refs, 1, memory_order_relaxed);
    return supply;
}

void supply_unref(struct supply *supply)
{
    if (!supply || atomic_fetch_sub_explicit(&supply->refs, 1, memory_order_acq_rel) > 1)
        return;
    CHECK_MAGIC(supply, SUPPLY_MAGIC);
    store_close(supply->store);
    identity_free(supply->identity);
    mem_free((char *)supply->options.url.data);
    supply->magic = 0;
    mem_free(supply);
}

bool supply_is_for(const struct supply *supply, const struct store_options *options)
{
    const struct store_options *a = &supply->options, *b = options;
    return slice_eq(a->url, b->url) && a->workers == b->workers && a->pool_size == b->pool_size &&
           a->pool_overflow == b->pool_overflow && a->pool_wait_ms == b->pool_wait_ms &&
           a->pool_recycle_ms == b->pool_recycle_ms && a->timeout_ms == b->timeout_ms &&
           a->prepared == b->prepared && a->gather_max == b->gather_max &&
           a->answer_bytes_max == b->answer_bytes_max && a->replication == b->replication;
}

/* ---- taps ---- */

static void tap_free(struct tap *tap)
{
    PRE(tap->refs == 0 && !tap->port);
    loop_timer_stop(&tap->look);
    list_remove(&tap->link);
    supply_unref(tap->supply);
    tap->magic = 0;
    mem_free(tap);
}

static void on_look(struct timer *timer)
{
    struct tap *tap = container_of(timer, struct tap, look);
    CHECK_MAGIC(tap, TAP_MAGIC);
    if (!store_is_quiet(tap->port)) {
        loop_timer_set(tap->loop, timer, TAP_LOOK_MS);
        return;
    }
    store_detach(tap->port);
    tap->port = NULL;
    tap_free(tap);
}

struct tap *tap_open(struct supply *supply, struct loop *loop, unsigned worker, struct list *taps)
{
    struct tap *tap = mem_must(sizeof *tap);
    tap->magic = TAP_MAGIC;
    tap->refs = 1;
    tap->supply = supply_ref(supply);
    tap->port = store_attach(supply->store, loop, worker);
    tap->loop = loop;
    tap->look.on_due = on_look;
    list_push(taps, &tap->link);
    return tap;
}

struct tap *tap_ref(struct tap *tap)
{
    CHECK_MAGIC(tap, TAP_MAGIC);
    PRE(tap->refs > 0);
    tap->refs++;
    return tap;
}

void tap_unref(struct tap *tap)
{
    CHECK_MAGIC(tap, TAP_MAGIC);
    PRE(tap->refs > 0);
    if (--tap->refs > 0)
        return;
    if (tap->port)
        loop_timer_set(tap->loop, &tap->look, TAP_LOOK_MS);
    else
        tap_free(tap);
}

void tap_end(struct tap *tap)
{
    CHECK_MAGIC(tap, TAP_MAGIC);
    struct port *port = tap->port;
    loop_timer_stop(&tap->look);
    tap->refs++; /* what ends now lets go of it */
    tap->port = NULL;
    store_detach(port);
    POST(tap->refs == 1);
    tap_unref(tap);
}
