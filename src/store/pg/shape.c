/* SPDX-License-Identifier: Apache-2.0 */
/* The table of shapes and the lane each one has earned. See shape.h.
 *
 * The p95 is an estimate by the frugal method (Ma, Muthukrishnan, Sandler, "Frugal streaming for estimating quantiles",
 * 2013): a step up at a sample above it, a nineteenth of a step down at one below; in balance 5 of 100 lie above. */
#include "store/pg/shape.h"

#include "base/mem.h"

enum { SHAPE_MAGIC = 0x50475348, SLOW_ABOVE_US = 50000, POINT_SLOW_ABOVE_US = 200000, FAST_BELOW_US = 20000 };

void pg_shapes_init(struct shapes *shapes)
{
    memset(shapes, 0, sizeof *shapes);
    list_init(&shapes->recent);
}

static void free_shape(struct shape *shape)
{
    list_remove(&shape->turn);
    mem_free((char *)shape->single.text.data);
    mem_free((char *)shape->gather.text.data);
    shape->magic = 0;
    mem_free(shape);
}

static void take_out(struct shapes *shapes, struct shape *shape)
{
    CHECK_MAGIC(shape, SHAPE_MAGIC);
    map_remove(&shapes->by_text, shape->single.text);
    list_remove(&shape->recent);
    shapes->count--;
}

void pg_shapes_done(struct shapes *shapes)
{
    for (struct list *link; (link = shapes->recent.next) != &shapes->recent;) {
        struct shape *shape = container_of(link, struct shape, recent);
        take_out(shapes, shape);
        free_shape(shape);
    }
    map_done(&shapes->by_text);
}

static void make_room(struct shapes *shapes, shape_gone_fn *gone, void *context)
{
    LIST_EACH_SAFE (&shapes->recent, link, after) {
        struct shape *shape = container_of(link, struct shape, recent);
        if (shapes->count < SHAPES_MAX)
            return;
        if (shape->holds > 0)
            continue;
        take_out(shapes, shape);
        gone(shape, context);
        free_shape(shape);
    }
}

static struct slice keep(struct slice text)
{
    return slice_of(mem_dup(text.data, text.len), text.len);
}

static struct shape *add_shape(struct shapes *shapes, const struct statement *statement)
{
    struct shape *shape = mem_must(sizeof *shape);
    shape->magic = SHAPE_MAGIC;
    shape->single.text = keep(statement->text);
    if (statement->gather != NULL) {
        shape->gathers = true;
        shape->gather.text = keep(statement->gather->text);
        shape->key_cell = statement->gather->key_cell;
        shape->lane = SHAPE_FAST;
    }
    list_init(&shape->waiting);
    list_init(&shape->turn);
    list_push(&shapes->recent, &shape->recent);
    map_put(&shapes->by_text, shape->single.text, shape);
    shapes->count++;
    return shape;
}

struct shape *pg_shapes_use(struct shapes *shapes, const struct statement *statement, shape_gone_fn *gone,
                            void *context)
{
    PRE(statement->text.len > 0);
    struct shape *shape = map_get(&shapes->by_text, statement->text);
    if (shape == NULL) {
        make_room(shapes, gone, context);
        shape = add_shape(shapes, statement);
    } else if (shapes->recent.prev != &shape->recent) {
        list_remove(&shape->recent);
        list_push(&shapes->recent, &shape->recent);
    }
    shape->uses++;
    return shape;
}

struct shape *pg_shapes_next(const struct shapes *shapes, const struct shape *before)
{
    const struct list *next = before ? before->recent.next : shapes->recent.next;
    return next == &shapes->recent ? NULL : container_of((struct list *)next, struct shape, recent);
}

/* ---- what it costs ---- */

static void choose_lane(struct shape *shape)
{
    bool big = shape->answer_bytes > ANSWER_BYTES_FAST_MAX;
    /* A machine out of breath is no reason to send reads by key one by one, which costs it more. */
    int64_t above_us = shape->gathers ? POINT_SLOW_ABOVE_US : SLOW_ABOVE_US;
    if (big || shape->p95_us > above_us)
        shape->lane = SHAPE_SLOW;
    else if (shape->lane == SHAPE_UNKNOWN || shape->p95_us < FAST_BELOW_US)
        shape->lane = SHAPE_FAST;
}

static int64_t p95_next(int64_t p95_us, int64_t sample_us)
{
    if (p95_us == 0)
        return sample_us > 0 ? sample_us : 1;
    if (sample_us > p95_us)
        return p95_us + p95_us / 2 + 19;
    int64_t down = p95_us / (2 * 19);
    return p95_us - down > 1 ? p95_us - down : 1;
}

void pg_shape_measure(struct shape *shape, int64_t run_us, uint64_t answer_bytes)
{
    CHECK_MAGIC(shape, SHAPE_MAGIC);
    shape->p95_us = p95_next(shape->p95_us, run_us);
    uint64_t sunk = shape->answer_bytes - shape->answer_bytes / 16;
    shape->answer_bytes = answer_bytes > sunk ? answer_bytes : sunk;
    choose_lane(shape);
}

void pg_shape_timed_out(struct shape *shape, int64_t run_us)
{
    CHECK_MAGIC(shape, SHAPE_MAGIC);
    if (shape->p95_us < run_us)
        shape->p95_us = run_us;
    shape->lane = SHAPE_SLOW;
}

void pg_shape_measure_least(struct shape *shape, int64_t run_us)
{
    if (run_us > SLOW_ABOVE_US)
        pg_shape_timed_out(shape, run_us);
}

void pg_shape_forget(struct shape *shape)
{
    CHECK_MAGIC(shape, SHAPE_MAGIC);
    shape->p95_us = 0;
    shape->answer_bytes = 0;
    shape->uses = 0;
    shape->alone_until = (struct mono){0};
    if (shape->trial == NULL)
        shape->lane = shape->gathers ? SHAPE_FAST : SHAPE_UNKNOWN;
}
