/* SPDX-License-Identifier: Apache-2.0 */
/* See behind.h. */
#include "request/behind.h"

#include "auth/ledger.h"
#include "auth/trust.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "request/worker.h"

enum { STATEMENTS_MAX = 500, DEADLINE_MS = 5000 };

enum kind { KIND_SEEN, KIND_HASH, KIND_SLIDE };

struct item {
    struct list link;
    enum kind kind;
    struct wall when;  /* SEEN */
    int64_t expires_s; /* SLIDE */
    struct slice key;  /* the kind as a byte, then whose it is: in texts */
    struct slice old_hash, new_hash;
    char texts[];
};

struct behind {
    struct worker *worker;
    struct list items; /* oldest first */
    struct map by_key;
    struct timer timer;
    bool stopped, submitting, out, lost;

    struct tap *tap; /* while it is out */
    struct fetch fetch;
    struct arena arena;
    struct statement *statements;
    unsigned count, at;
    struct list writing; /* the items they are of */
};

/* --- gathering --- */

static void item_free(struct behind *behind, struct item *item)
{
    (void)map_remove(&behind->by_key, item->key);
    list_remove(&item->link);
    mem_free(item);
}

static struct item *item_new(enum kind kind, struct slice whose, struct slice old_hash, struct slice new_hash)
{
    struct item *item = mem_try(sizeof *item + 1 + whose.len + old_hash.len + new_hash.len);
    if (!item)
        return NULL;
    char *to = item->texts;
    item->kind = kind;
    *to++ = (char)('0' + kind);
    to = mempcpy(to, whose.data, whose.len);
    item->key = slice_of(item->texts, 1 + whose.len);
    item->old_hash = slice_of(to, old_hash.len);
    to = mempcpy(to, old_hash.data, old_hash.len);
    item->new_hash = slice_of(to, new_hash.len);
    memcpy(to, new_hash.data, new_hash.len);
    list_init(&item->link);
    return item;
}

/* Takes the place of an equal one that waits. */
static void put(struct behind *behind, struct item *item)
{
    struct item *same = item ? map_get(&behind->by_key, item->key) : NULL;
    if (same)
        item_free(behind, same);
    if (!item || behind->by_key.count >= BEHIND_MAX) {
        if (!behind->lost)
            log_event(LOG_ERROR, "what is written later is lost", LOG_STR("why", "too much of it waits"));
        behind->lost = true;
        mem_free(item);
        return;
    }
    map_put(&behind->by_key, item->key, item);
    list_push(&behind->items, &item->link);
    if (!behind->timer.loop && !behind->out)
        loop_timer_set(behind->worker->loop, &behind->timer, BEHIND_MS);
}

void behind_see(struct behind *behind, struct slice user, struct wall when)
{
    struct item *item = item_new(KIND_SEEN, user, SLICE(""), SLICE(""));
    if (item)
        item->when = when;
    put(behind, item);
}

void behind_rehash(struct behind *behind, struct slice user, struct slice old_hash, struct slice new_hash)
{
    put(behind, item_new(KIND_HASH, user, old_hash, new_hash));
}

void behind_slide(struct behind *behind, struct slice session, int64_t expires_s)
{
    struct item *item = item_new(KIND_SLIDE, session, SLICE(""), SLICE(""));
    if (item)
        item->expires_s = expires_s;
    put(behind, item);
}

/* --- writing --- */

/* Text empty: the configuration has changed meanwhile, and it is of no use any more. */
static struct statement statement_of(struct behind *behind, const struct item *item)
{
    const struct snapshot *snapshot = behind->worker->snapshot;
    const struct accounts *accounts = &snapshot->trust->accounts;
    struct slice whose = slice_skip(item->key, 1);
    if (item->kind == KIND_SLIDE)
        return ledger_session_slide(&behind->arena, snapshot->model->catalog->dialect, whose,
                                    item->expires_s);
    if (!accounts->table || (item->kind == KIND_SEEN && !accounts->seen))
        return (struct statement){0};
    if (item->kind == KIND_SEEN)
        return accounts_see(accounts, &behind->arena, whose, item->when);
    return accounts_rehash(accounts, &behind->arena, whose, item->old_hash, item->new_hash);
}

static void gather(struct behind *behind)
{
    behind->statements = ARENA_ARRAY(&behind->arena, struct statement, STATEMENTS_MAX);
    behind->count = behind->at = 0;
    LIST_EACH_SAFE (&behind->items, link, after) {
        struct item *item = container_of(link, struct item, link);
        if (behind->count == STATEMENTS_MAX)
            break;
        struct statement statement = statement_of(behind, item);
        if (statement.text.len) {
            behind->statements[behind->count++] = statement;
            (void)map_remove(&behind->by_key, item->key);
            list_remove(&item->link);
            list_push(&behind->writing, &item->link);
        } else {
            item_free(behind, item);
        }
    }
}

/* On the store's thread. */
static enum verdict on_statement(struct fetch *fetch)
{
    struct behind *behind = container_of(fetch, struct behind, fetch);
    if (++behind->at == behind->count)
        return VERDICT_COMMIT;
    fetch->statement = behind->statements[behind->at];
    return VERDICT_NEXT;
}

static bool ignore_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context, (void)cells, (void)count;
    return true;
}

static void forget_written(struct behind *behind)
{
    struct list *link;
    while ((link = list_shift(&behind->writing)) != NULL)
        mem_free(container_of(link, struct item, link));
}

/* They wait again, unless newer ones have come. */
static void take_back(struct behind *behind)
{
    struct list *link;
    while ((link = list_shift(&behind->writing)) != NULL) {
        struct item *item = container_of(link, struct item, link);
        if (map_get(&behind->by_key, item->key)) {
            mem_free(item);
            continue;
        }
        map_put(&behind->by_key, item->key, item);
        list_unshift(&behind->items, &item->link);
    }
}

static void ended(struct behind *behind)
{
    const struct problem *problem = &behind->fetch.problem;
    bool away = problem->status == 503 || problem->status == 504 || problem->status == 409;
    if (away && !behind->stopped)
        take_back(behind);
    else if (problem_is(problem))
        log_event(LOG_ERROR, "what is written later is lost",
                  LOG_TEXT("why", problem->cause.len ? problem->cause : problem->detail));
    forget_written(behind);
    behind->lost = behind->lost && away;
    arena_reset(&behind->arena);
    tap_unref(behind->tap);
    behind->tap = NULL;
    behind->out = false;
    if (!list_empty(&behind->items) && !behind->stopped)
        loop_timer_set(behind->worker->loop, &behind->timer, BEHIND_MS);
}

static void on_end(struct fetch *fetch)
{
    struct behind *behind = container_of(fetch, struct behind, fetch);
    if (!behind->submitting)
        ended(behind);
}

static void flush(struct behind *behind)
{
    PRE(!behind->out);
    gather(behind);
    if (behind->count == 0) {
        arena_reset(&behind->arena);
        return;
    }
    behind->fetch = (struct fetch){.statement = behind->statements[0],
                                   .sink = {ignore_row, behind},
                                   .on_end = on_end,
                                   .on_statement = on_statement,
                                   .write = true,
                                   .arena = &behind->arena,
                                   .deadline = mono_after_ms(loop_now(behind->worker->loop), DEADLINE_MS)};
    behind->tap = tap_ref(behind->worker->tap);
    behind->submitting = behind->out = true;
    bool pending = store_submit(behind->tap->port, &behind->fetch) == SUBMIT_PENDING;
    behind->submitting = false;
    if (!pending)
        ended(behind);
}

static void on_due(struct timer *timer)
{
    flush(container_of(timer, struct behind, timer));
}

/* --- life --- */

struct behind *behind_new(struct worker *worker)
{
    struct behind *behind = mem_must(sizeof *behind);
    behind->worker = worker;
    behind->timer.on_due = on_due;
    list_init(&behind->items);
    list_init(&behind->writing);
    arena_init(&behind->arena, 4096);
    return behind;
}

void behind_stop(struct behind *behind)
{
    behind->stopped = true;
    loop_timer_stop(&behind->timer);
    if (!behind->out)
        flush(behind);
}

bool behind_is_out(const struct behind *behind)
{
    return behind->out;
}

void behind_free(struct behind *behind)
{
    if (!behind)
        return;
    PRE(!behind->out);
    while (!list_empty(&behind->items))
        item_free(behind, container_of(behind->items.next, struct item, link));
    map_done(&behind->by_key);
    arena_done(&behind->arena);
    mem_free(behind);
}
