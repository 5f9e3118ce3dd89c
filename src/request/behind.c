/* SPDX-License-Identifier: Apache-2.0 */
/* See behind.h. */
#include "request/behind.h"

#include "auth/ledger.h"
#include "auth/trust.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "query/write.h"
#include "request/depends.h"
#include "request/doubts.h"
#include "request/signals.h"
#include "request/worker.h"

enum { STATEMENTS_MAX = 500, DEADLINE_MS = 5000 };

enum kind { KIND_SEEN, KIND_HASH, KIND_SLIDE, KIND_WRITE };

/* Of WRITE: what is written, under the configuration it was asked under. */
struct written {
    struct statement statement;
    const struct resource *resource; /* of the snapshot */
    struct snapshot *snapshot;       /* held */
    unsigned raises_at;
    uint32_t raised; /* by its row */
    char bytes[];    /* binds, then texts */
};

struct item {
    struct list link;
    enum kind kind;
    struct wall when;        /* SEEN */
    int64_t expires_s;       /* SLIDE */
    struct written *written; /* WRITE */
    struct mono due;         /* us 0: at the next turn */
    bool alone;              /* it was refused together with others */
    struct slice key;        /* the kind as a byte, then whose it is: in texts */
    struct slice old_hash, new_hash;
    char texts[];
};

struct behind {
    struct worker *worker;
    struct list items; /* oldest first */
    struct map by_key;
    struct timer timer;
    bool stopped, submitting, out, lost, goes_alone;

    struct tap *tap; /* while it is out */
    struct fetch fetch;
    struct arena arena;
    struct statement *statements;
    struct item **of; /* each of them */
    unsigned count, at;
    struct list writing; /* the same items */
};

/* --- gathering --- */

static void written_free(struct written *written)
{
    if (!written)
        return;
    snapshot_unref(written->snapshot);
    mem_free(written);
}

/* Of one that is in no list. */
static void item_end(struct item *item)
{
    written_free(item->written);
    mem_free(item);
}

static void item_free(struct behind *behind, struct item *item)
{
    (void)map_remove(&behind->by_key, item->key);
    list_remove(&item->link);
    item_end(item);
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

/* Takes the place of an equal one that waits, and is due when that was. False: there is no room. */
static bool enter(struct behind *behind, struct item *item)
{
    struct item *same = map_get(&behind->by_key, item->key);
    if (!same && behind->by_key.count >= BEHIND_MAX)
        return false;
    if (same) {
        item->due = same->due;
        item_free(behind, same);
    }
    map_put(&behind->by_key, item->key, item);
    list_push(&behind->items, &item->link);
    if (!behind->timer.loop && !behind->out)
        loop_timer_set(behind->worker->loop, &behind->timer, BEHIND_MS);
    return true;
}

static void put(struct behind *behind, struct item *item)
{
    if (item && enter(behind, item))
        return;
    if (!behind->lost)
        log_event(LOG_ERROR, "what is written later is lost", LOG_STR("why", "too much of it waits"));
    behind->lost = true;
    mem_free(item);
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

/* A copy of the statement, which is of a request's arena. NULL: no memory. */
static struct written *keep(const struct behind_asked *asked)
{
    const struct statement *statement = asked->statement;
    unsigned count = statement->bind_count;
    size_t size = count * sizeof(struct bind) + statement->text.len + 1;
    PRE(statement->runs < 2);
    for (unsigned i = 0; i < count; i++)
        size += statement->binds[i].text.len + 1;
    struct written *written = mem_try(sizeof *written + size);
    if (!written)
        return NULL;
    struct bind *binds = (struct bind *)(void *)written->bytes;
    char *to = written->bytes + count * sizeof *binds;
    for (unsigned i = 0; i < count; i++) {
        binds[i] = statement->binds[i];
        if (!binds[i].text.data)
            continue;
        to = mempcpy(to, binds[i].text.data, binds[i].text.len);
        *to++ = '\0';
        binds[i].text.data = to - binds[i].text.len - 1;
    }
    struct slice text = slice_of(to, statement->text.len);
    *(char *)mempcpy(to, statement->text.data, text.len) = '\0';
    written->statement =
        (struct statement){.text = text, .binds = binds, .bind_count = count, .runs = statement->runs};
    written->resource = asked->resource;
    written->raises_at = asked->raises_at;
    written->snapshot = snapshot_ref(asked->snapshot);
    return written;
}

bool behind_write(struct behind *behind, const struct behind_asked *asked)
{
    struct item *item = item_new(KIND_WRITE, asked->key, SLICE(""), SLICE(""));
    if (!item)
        return false;
    item->written = keep(asked);
    item->due = mono_after_ms(loop_now(behind->worker->loop), asked->within_ms - BEHIND_MS);
    if (item->written && enter(behind, item))
        return true;
    item_end(item);
    return false;
}

/* --- writing --- */

/* Text empty: the configuration has changed meanwhile, and it is of no use any more. */
static struct statement statement_of(struct behind *behind, const struct item *item)
{
    const struct snapshot *snapshot = behind->worker->snapshot;
    const struct accounts *accounts = &snapshot->trust->accounts;
    struct slice whose = slice_skip(item->key, 1);
    if (item->kind == KIND_WRITE && item->written->snapshot->supply != snapshot->supply)
        return (struct statement){0}; /* it was another database */
    if (item->kind == KIND_WRITE)
        return item->written->statement;
    if (item->kind == KIND_SLIDE)
        return ledger_session_slide(&behind->arena, snapshot->model->catalog->dialect, whose,
                                    item->expires_s);
    if (!accounts->table || (item->kind == KIND_SEEN && !accounts->seen))
        return (struct statement){0};
    if (item->kind == KIND_SEEN)
        return accounts_see(accounts, &behind->arena, whose, item->when);
    return accounts_rehash(accounts, &behind->arena, whose, item->old_hash, item->new_hash);
}

/* Nothing of it can be written any more. */
static void drop(struct behind *behind, struct item *item)
{
    if (item->kind == KIND_WRITE)
        log_event(LOG_ERROR, "what is written later is lost", LOG_STR("why", "it was for another database"));
    item_free(behind, item);
}

/* One that was refused with others goes alone. */
static bool may_go(const struct behind *behind, const struct item *item, struct mono now)
{
    return (behind->stopped || item->due.us <= now.us) && (behind->count == 0 || !item->alone);
}

static void gather(struct behind *behind)
{
    struct mono now = loop_now(behind->worker->loop);
    behind->statements = ARENA_ARRAY(&behind->arena, struct statement, STATEMENTS_MAX);
    behind->of = ARENA_ARRAY(&behind->arena, struct item *, STATEMENTS_MAX);
    behind->count = behind->at = 0;
    behind->goes_alone = false;
    LIST_EACH_SAFE (&behind->items, link, after) {
        struct item *item = container_of(link, struct item, link);
        if (behind->count == STATEMENTS_MAX || behind->goes_alone)
            break;
        if (!may_go(behind, item, now))
            continue;
        struct statement statement = statement_of(behind, item);
        if (statement.text.len) {
            behind->statements[behind->count] = statement;
            behind->of[behind->count++] = item;
            if (item->written)
                item->written->raised = 0;
            behind->goes_alone = item->alone;
            (void)map_remove(&behind->by_key, item->key);
            list_remove(&item->link);
            list_push(&behind->writing, &item->link);
        } else {
            drop(behind, item);
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

/* On the store's thread. Of no interest but for what it raises. */
static bool on_row(void *context, const struct slice *cells, unsigned count)
{
    struct behind *behind = context;
    struct written *written = behind->of[behind->at]->written;
    if (!written)
        return true;
    PRE(count >= written->raises_at + written->resource->raises.when_count);
    written->raised |= write_row_raises(written->resource, cells, written->raises_at);
    return true;
}

static void forget_written(struct behind *behind)
{
    struct list *link;
    while ((link = list_shift(&behind->writing)) != NULL)
        item_end(container_of(link, struct item, link));
}

/* They wait again, in their order, unless newer ones have come. */
static void take_back(struct behind *behind, bool alone)
{
    while (!list_empty(&behind->writing)) {
        struct item *item = container_of(behind->writing.prev, struct item, link);
        list_remove(&item->link);
        if (map_get(&behind->by_key, item->key)) {
            item_end(item);
            continue;
        }
        item->alone = alone;
        map_put(&behind->by_key, item->key, item);
        list_unshift(&behind->items, &item->link);
    }
}

/* Of the snapshot's tables the one the item is written to; NULL: none that is served. */
static const struct table *table_of(const struct item *item, const struct snapshot *snapshot)
{
    if (item->written)
        return item->written->resource->table;
    return item->kind == KIND_SLIDE ? NULL : snapshot->trust->accounts.table;
}

static void raise_signals(struct behind *behind, const struct written *written, bool sure)
{
    uint32_t raised = sure ? written->raised | write_always_raises(written->resource) : UINT32_MAX;
    signals_raise(behind->worker, written->snapshot, written->resource, raised);
}

/* It stands, or nobody knows: what was kept of its tables, and of what follows them, is stale. Each is told of once. */
static void note_changes(struct behind *behind)
{
    const struct problem *problem = &behind->fetch.problem;
    bool unknown = slice_eq(problem->code, SLICE("outcome-unknown"));
    struct map noted = {0};
    if (problem_is(problem) && !unknown)
        return;
    LIST_EACH (&behind->writing, link) {
        struct item *item = container_of(link, struct item, link);
        const struct snapshot *snapshot = item->written ? item->written->snapshot : behind->worker->snapshot;
        const struct table *table = table_of(item, snapshot);
        const struct tables_told written = {.items = &table, .count = 1, .told = true};
        if (item->written)
            raise_signals(behind, item->written, !unknown);
        if (!table || map_get(&noted, table->sql))
            continue;
        map_put(&noted, table->sql, item);
        depends_bump_tables(behind->worker->service, snapshot->model, &written);
        doubts_add(behind->worker->doubts, &behind->fetch, snapshot->model, &written);
    }
    map_done(&noted);
}

static void flush(struct behind *behind);

static void go_on(struct behind *behind, bool away, bool soon)
{
    if (list_empty(&behind->items))
        return;
    if (!behind->stopped)
        loop_timer_set(behind->worker->loop, &behind->timer, soon && !away ? 1 : BEHIND_MS);
    else if (!away)
        flush(behind);
}

static void ended(struct behind *behind)
{
    const struct problem *problem = &behind->fetch.problem;
    bool away = problem->status == 503 || problem->status == 504;
    bool refused =
        problem_is(problem) && !away && !behind->goes_alone && (behind->count > 1 || problem->status == 409);
    note_changes(behind);
    if (refused)
        take_back(behind, true);
    else if (away && !behind->stopped)
        take_back(behind, behind->goes_alone);
    else if (problem_is(problem))
        log_event(LOG_ERROR, "what is written later is lost",
                  LOG_TEXT("why", problem->cause.len ? problem->cause : problem->detail));
    forget_written(behind);
    behind->lost = behind->lost && away;
    arena_reset(&behind->arena);
    tap_unref(behind->tap);
    behind->tap = NULL;
    behind->out = false;
    go_on(behind, away, refused || behind->goes_alone);
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
        if (!list_empty(&behind->items) && !behind->stopped) /* they are not due */
            loop_timer_set(behind->worker->loop, &behind->timer, BEHIND_MS);
        return;
    }
    behind->fetch = (struct fetch){.statement = behind->statements[0],
                                   .sink = {on_row, behind},
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

void behind_give_up(struct behind *behind)
{
    PRE(behind->stopped);
    if (!list_empty(&behind->items))
        log_event(LOG_ERROR, "what is written later is lost", LOG_STR("why", "Leat stops"),
                  LOG_INT("count", behind->by_key.count));
    while (!list_empty(&behind->items))
        item_free(behind, container_of(behind->items.next, struct item, link));
}

void behind_free(struct behind *behind)
{
    if (!behind)
        return;
    PRE(!behind->out && list_empty(&behind->items));
    map_done(&behind->by_key);
    arena_done(&behind->arena);
    mem_free(behind);
}
