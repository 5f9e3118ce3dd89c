/* SPDX-License-Identifier: Apache-2.0 */
/* The transaction that is being told, and those that wait. See heard.h; sources.c has their tables. */
#include "store/pg/heard.h"

#include "base/mem.h"
#include "store/pg/sources.h"
#include "store/pg/triggers.h"

enum { HEARD_MAGIC = 0x68656172 };

struct written {
    struct source *source;
    unsigned version;
    enum change_kind kind;
    struct slice key; /* in the order of source->keys, NUL between */
};

struct transaction {
    struct list link;
    uint32_t xid;
    bool everything;
    size_t bytes;
    unsigned count;
    struct written written[];
};

struct heard {
    uint32_t magic;
    char instance[32];
    struct sources sources;
    /* The transaction that is being told: */
    bool inside, own, everything;
    uint32_t xid;
    struct list touched;
    unsigned touched_count;
    /* Those that wait: */
    struct list waiting;
    size_t waiting_bytes;
};

/* ---- changes ---- */

static struct source *touch(struct heard *heard, uint32_t oid)
{
    struct source *source = sources_find(&heard->sources, oid);
    if (!source || source->is_touched)
        return source;
    if (heard->touched_count == HEARD_TABLES_MAX)
        heard->everything = true;
    if (source->missing)
        sources_ask_again(&heard->sources, source);
    source->is_touched = true;
    source->kind = CHANGE_ADDED;
    list_push(&heard->touched, &source->touched);
    heard->touched_count++;
    return source;
}

/* Another row than the one so far makes them rows. */
static void note_row(struct source *source, const struct pgoutput *message)
{
    struct buf key;
    if (source->kind == CHANGE_ROWS)
        return;
    buf_init(&key, HEARD_KEY_BYTES_MAX);
    if (message->has_old || !source_read_key(source, message, &key)) {
        source->kind = CHANGE_ROWS;
    } else if (source->kind == CHANGE_ADDED) {
        source->kind = CHANGE_ROW;
        buf_done(&source->key);
        source->key = key;
        return;
    } else if (!slice_eq(buf_slice(&key), buf_slice(&source->key))) {
        source->kind = CHANGE_ROWS;
    }
    buf_done(&key);
}

static enum error take_truncate(struct heard *heard, const struct pgoutput *message)
{
    struct slice items = message->items;
    for (unsigned i = 0; i < message->count; i++) {
        struct source *source = touch(heard, pgoutput_next_relation(&items));
        if (!source)
            return ERR_INVALID;
        source->kind = CHANGE_ROWS;
    }
    return OK;
}

static enum error take_relation(struct heard *heard, const struct pgoutput *message)
{
    struct source *source = sources_describe(&heard->sources, message);
    if (source && source->is_touched) /* what was noted of its key was said in other columns */
        source->kind = CHANGE_ROWS;
    return source ? OK : ERR_LIMIT;
}

static enum error take_change(struct heard *heard, const struct pgoutput *message)
{
    if (!heard->inside)
        return ERR_INVALID;
    if (heard->own || heard->everything)
        return OK;
    if (message->kind == PGOUTPUT_TRUNCATE)
        return take_truncate(heard, message);
    struct source *source = touch(heard, message->relation);
    if (!source)
        return ERR_INVALID;
    if (message->kind != PGOUTPUT_INSERT)
        note_row(source, message);
    return OK;
}

/* ---- transactions ---- */

static void forget_touched(struct heard *heard)
{
    while (!list_empty(&heard->touched)) {
        struct source *source = container_of(heard->touched.next, struct source, touched);
        list_remove(&source->touched);
        source->is_touched = false;
        buf_done(&source->key);
    }
    heard->touched_count = 0;
    heard->inside = heard->own = heard->everything = false;
}

static void push(struct heard *heard, struct transaction *transaction, uint32_t xid, size_t bytes)
{
    transaction->xid = xid;
    transaction->bytes = bytes;
    heard->waiting_bytes += bytes;
    list_push(&heard->waiting, &transaction->link);
}

static void drop(struct heard *heard, struct transaction *transaction)
{
    PRE(heard->waiting_bytes >= transaction->bytes);
    heard->waiting_bytes -= transaction->bytes;
    list_remove(&transaction->link);
    mem_free(transaction);
}

static void push_everything(struct heard *heard, uint32_t xid)
{
    struct transaction *transaction = mem_must(sizeof *transaction);
    transaction->everything = true;
    push(heard, transaction, xid, sizeof *transaction);
}

static void push_touched(struct heard *heard)
{
    size_t keys = 0, bytes = sizeof(struct transaction) + heard->touched_count * sizeof(struct written);
    LIST_EACH (&heard->touched, link)
        keys += container_of(link, struct source, touched)->key.len;
    struct transaction *transaction = mem_must(bytes + keys);
    char *to = (char *)transaction + bytes;
    LIST_EACH (&heard->touched, link) {
        const struct source *source = container_of(link, struct source, touched);
        struct slice key = source->kind == CHANGE_ROW ? buf_slice(&source->key) : SLICE("");
        transaction->written[transaction->count++] =
            (struct written){container_of(link, struct source, touched), source->version, source->kind,
                             slice_of(to, key.len)};
        if (key.len)
            memcpy(to, key.data, key.len);
        to += key.len;
    }
    push(heard, transaction, heard->xid, bytes + keys);
}

static enum error take_commit(struct heard *heard)
{
    if (!heard->inside)
        return ERR_INVALID;
    if (!heard->own && heard->everything)
        push_everything(heard, heard->xid);
    else if (!heard->own && heard->touched_count)
        push_touched(heard);
    forget_touched(heard);
    return heard->waiting_bytes > HEARD_BYTES_MAX ? ERR_LIMIT : OK;
}

enum error heard_take(struct heard *heard, const struct pgoutput *message)
{
    CHECK_MAGIC(heard, HEARD_MAGIC);
    switch (message->kind) {
    case PGOUTPUT_BEGIN:
        if (heard->inside)
            return ERR_INVALID;
        heard->inside = true;
        heard->xid = message->xid;
        return OK;
    case PGOUTPUT_COMMIT:
        return take_commit(heard);
    case PGOUTPUT_RELATION:
        return take_relation(heard, message);
    case PGOUTPUT_MESSAGE:
        heard->own |= heard->inside && message->transactional &&
                      slice_eq(message->prefix, SLICE(PG_CHANNEL)) &&
                      slice_eq(message->content, slice_str(heard->instance));
        return OK;
    case PGOUTPUT_OTHER:
        return OK;
    case PGOUTPUT_INSERT:
    case PGOUTPUT_UPDATE:
    case PGOUTPUT_DELETE:
    case PGOUTPUT_TRUNCATE:
        return take_change(heard, message);
    }
    UNREACHABLE("each kind has its case");
}

bool heard_waits(const struct heard *heard)
{
    return !list_empty(&heard->waiting);
}

/* ---- question and answer ---- */

void heard_ask(struct heard *heard, struct buf *sql)
{
    CHECK_MAGIC(heard, HEARD_MAGIC);
    buf_lit(sql, "SELECT pg_catalog.pg_current_snapshot(), pg_catalog.pg_current_wal_flush_lsn() - '0/0'");
    sources_ask(&heard->sources, sql);
}

void heard_place(struct heard *heard, const struct heard_place *place)
{
    sources_place(&heard->sources, place);
}

/* `xmin:xmax:xip,…`, as pg_snapshot is written. */
struct view {
    int64_t oldest, next; /* all below are over; none from here on is */
    struct slice under_way;
};

static bool read_view(struct slice text, struct view *ret_view)
{
    struct slice rest = text, oldest = slice_cut(&rest, ':'), next = slice_cut(&rest, ':');
    ret_view->under_way = rest;
    return slice_to_int(oldest, &ret_view->oldest) && slice_to_int(next, &ret_view->next);
}

/* The stream tells the lower half of a number: the nearest to the snapshot's that ends so is meant. */
static bool is_visible(const struct view *view, uint32_t xid)
{
    int64_t full = view->next + (int32_t)(xid - (uint32_t)view->next), number;
    struct slice rest = view->under_way;
    if (full < view->oldest || full >= view->next)
        return full < view->oldest;
    while (rest.len)
        if (slice_to_int(slice_cut(&rest, ','), &number) && number == full)
            return false;
    return true;
}

enum error heard_begin(struct heard *heard, struct slice snapshot)
{
    struct view view;
    int64_t number;
    if (!read_view(snapshot, &view))
        return ERR_INVALID;
    for (struct slice rest = view.under_way; rest.len;)
        if (slice_to_int(slice_cut(&rest, ','), &number))
            push_everything(heard, (uint32_t)number);
    return OK;
}

static void ask_again(struct heard *heard, const struct transaction *transaction)
{
    for (unsigned i = 0; i < transaction->count; i++)
        if (transaction->written[i].source->missing)
            sources_ask_again(&heard->sources, transaction->written[i].source);
}

static bool is_known(const struct transaction *transaction)
{
    for (unsigned i = 0; i < transaction->count; i++)
        if (!transaction->written[i].source->known)
            return false;
    return true;
}

static void tell_written(const struct written *written, const struct listener_events *to)
{
    const struct source *source = written->source;
    struct change change = {written->kind, source->schema, source->table, {NULL, 0}};
    struct buf key;
    buf_init(&key, HEARD_KEY_BYTES_MAX);
    if (source->table.len == 0)
        change.kind = CHANGE_ALL;
    else if (change.kind == CHANGE_ROW && written->version == source->version &&
             source_order_key(source, written->key, &key))
        change.key = buf_slice(&key);
    else if (change.kind == CHANGE_ROW)
        change.kind = CHANGE_ROWS;
    to->on_change(to->context, &change);
    buf_done(&key);
}

static void tell(const struct transaction *transaction, const struct listener_events *to)
{
    if (transaction->everything)
        to->on_change(to->context, &(struct change){.kind = CHANGE_ALL});
    for (unsigned i = 0; i < transaction->count; i++)
        tell_written(&transaction->written[i], to);
}

enum error heard_settle(struct heard *heard, struct slice snapshot, const struct listener_events *to,
                        bool *ret_told)
{
    CHECK_MAGIC(heard, HEARD_MAGIC);
    struct view view;
    bool told = false;
    if (!read_view(snapshot, &view))
        return ERR_INVALID;
    sources_give_up(&heard->sources);
    LIST_EACH_SAFE (&heard->waiting, link, next) {
        struct transaction *transaction = container_of(link, struct transaction, link);
        if (!is_visible(&view, transaction->xid) || !is_known(transaction))
            continue;
        tell(transaction, to);
        drop(heard, transaction);
        told = true;
    }
    LIST_EACH (&heard->waiting, link)
        ask_again(heard, container_of(link, struct transaction, link));
    *ret_told = told;
    return OK;
}

/* ---- life ---- */

struct heard *heard_new(struct slice instance)
{
    struct heard *heard = mem_must(sizeof *heard);
    PRE(instance.len < sizeof heard->instance);
    heard->magic = HEARD_MAGIC;
    memcpy(heard->instance, instance.data, instance.len);
    list_init(&heard->touched);
    list_init(&heard->waiting);
    return heard;
}

void heard_clear(struct heard *heard)
{
    CHECK_MAGIC(heard, HEARD_MAGIC);
    forget_touched(heard);
    while (heard_waits(heard))
        drop(heard, container_of(heard->waiting.next, struct transaction, link));
    sources_clear(&heard->sources);
}

void heard_free(struct heard *heard)
{
    if (!heard)
        return;
    heard_clear(heard);
    heard->magic = 0;
    mem_free(heard);
}
