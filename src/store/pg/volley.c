/* SPDX-License-Identifier: Apache-2.0 */
/* Sending: the reads that wait at the end of a turn become one volley on a fast lane. See lane.h for volleys and segments.
 *
 * A statement is sent unnamed at its first use, with its Parse at the second, by name from then on. libpq writes to the socket
 * at each Sync: hence one for many.
 * Failure: libpq refuses to queue only when the connection is broken or memory is out; the lane is then lost as a whole. */
#include <stdio.h>

#include "store/pg/acting.h"
#include "store/pg/gather.h"
#include "store/pg/read.h"

struct volley {
    struct lane *lane;
    struct mono now;
    unsigned statements, in_segment;
    uint64_t segment_bytes;
    struct op *last_sync;
    bool broken;
};

static struct op *push_op(struct lane *lane, enum op_kind kind)
{
    PRE(lane->tail - lane->head < LANE_OPS_MAX);
    struct op *op = pg_lane_op(lane, lane->tail++);
    PRE(list_empty(&op->fetches));
    op->kind = kind;
    op->ends_volley = op->failed = false;
    op->shape = NULL;
    op->prepared = NULL;
    op->answer_bytes = 0;
    return op;
}

/* ---- prepared statements ---- */

static void name_of(uint32_t number, char ret_name[16])
{
    snprintf(ret_name, 16, "s%u", number);
}

void pg_lane_drop_prepared(struct lane *lane, struct prepared *prepared)
{
    if (prepared->state == PREPARED_READY) {
        lane->prepared_count--;
        if (lane->drop_count <
            DROPS_MAX) /* one that is not dropped costs the database a little memory until recycled */
            lane->drops[lane->drop_count++] = prepared->name;
    }
    prepared->state = PREPARED_NOT;
}

/* Makes room for one more prepared statement by giving up the least recently used one of this lane. */
static void drop_oldest(struct lane *lane)
{
    for (struct shape *shape = NULL; (shape = pg_shapes_next(&lane->port->shapes, shape)) != NULL;) {
        struct prepared *single = &shape->single.on[lane->index], *gather = &shape->gather.on[lane->index];
        if (single->state != PREPARED_READY && gather->state != PREPARED_READY)
            continue;
        pg_lane_drop_prepared(lane, single);
        pg_lane_drop_prepared(lane, gather);
        return;
    }
}

static bool send_drop(struct lane *lane)
{
    char text[40];
    struct op *op = push_op(lane, OP_DROP);
    op->name = lane->drops[--lane->drop_count];
    snprintf(text, sizeof text, "DEALLOCATE s%u", op->name);
    return PQsendQueryParams(lane->session.conn, text, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static bool send_parse(struct lane *lane, struct shape *shape, struct form *form)
{
    struct prepared *prepared = &form->on[lane->index];
    char name[16];
    if (lane->prepared_count >= PREPARED_MAX)
        drop_oldest(lane);
    if (lane->drop_count > 0 && !send_drop(lane))
        return false;
    struct op *op = push_op(lane, OP_PARSE);
    op->shape = shape;
    shape_hold(shape);
    op->prepared = prepared;
    op->name = ++lane->port->shapes.next_name;
    *prepared = (struct prepared){PREPARED_SENT, op->name, lane->segment};
    name_of(op->name, name);
    return PQsendPrepare(lane->session.conn, name, form->text.data, 0, NULL) == 1;
}

/* Sees to it that the form may be sent by name; *ret_by_name false: send the text. */
static bool prepare(struct lane *lane, struct shape *shape, struct form *form, bool *ret_by_name)
{
    struct prepared *prepared = &form->on[lane->index];
    *ret_by_name = false;
    if (!lane->session.plan->prepared)
        return true;
    if (prepared->state == PREPARED_NOT && shape->uses >= 2 && !send_parse(lane, shape, form))
        return false;
    *ret_by_name = prepared->state == PREPARED_READY ||
                   (prepared->state == PREPARED_SENT && prepared->segment == lane->segment);
    return true;
}

/* ---- statements ---- */

static bool send_form(struct lane *lane, struct shape *shape, struct form *form, struct op *op, int count,
                      const char *const *values)
{
    PGconn *conn = lane->session.conn;
    if (op->prepared == NULL)
        return PQsendQueryParams(conn, form->text.data, count, NULL, values, NULL, NULL, 0) == 1;
    char name[16];
    PRE(shape == op->shape);
    name_of(op->name, name);
    return PQsendQueryPrepared(conn, name, count, values, NULL, NULL, 0) == 1;
}

/* Sends the reads of `fetches` (all of one shape) as one statement. */
static bool send_statement(struct volley *volley, struct shape *shape, struct list *fetches,
                           enum op_kind kind)
{
    struct lane *lane = volley->lane;
    struct form *form = kind == OP_GATHER ? &shape->gather : &shape->single;
    bool by_name;
    bool sent = prepare(lane, shape, form, &by_name);
    struct op *op = push_op(lane, kind);
    op->shape = shape;
    shape_hold(shape);
    list_move_all(&op->fetches, fetches);
    op->prepared = by_name ? &form->on[lane->index] : NULL;
    op->name = form->on[lane->index].name;
    LIST_EACH (&op->fetches, link)
        container_of(link, struct fetch, link)->sent = volley->now;
    volley->statements++;
    volley->in_segment++;
    if (!sent)
        return false;
    const struct fetch *fetch = container_of(op->fetches.next, struct fetch, link);
    const char **values = pg_port_values(lane->port, &fetch->statement);
    if (kind == OP_GATHER)
        values[0] = lane->port->keys.data;
    return send_form(lane, shape, form, op, (int)fetch->statement.bind_count, values);
}

/* ---- segments ---- */

static bool close_segment(struct volley *volley)
{
    struct lane *lane = volley->lane;
    if (volley->in_segment == 0)
        return true;
    volley->last_sync = push_op(lane, OP_SYNC);
    volley->last_sync->sent_at = volley->now;
    volley->in_segment = 0;
    volley->segment_bytes = 0;
    lane->segment++;
    return PQpipelineSync(lane->session.conn) == 1;
}

static bool open_segment(struct volley *volley)
{
    struct lane *lane = volley->lane;
    struct slice preamble = lane->port->store->preambles[lane->session.kind];
    if (volley->in_segment > 0 || preamble.len == 0)
        return true;
    push_op(lane, OP_PREAMBLE);
    return PQsendQueryParams(lane->session.conn, preamble.data, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

/* Whom the read acts as, where that is somebody: nobody else's may stand in its segment. */
static bool send_acting(struct volley *volley, const struct acting *as)
{
    struct lane *lane = volley->lane;
    if (as == NULL)
        return true;
    PRE(volley->in_segment == 0);
    push_op(lane, OP_ACT);
    volley->statements++; /* it is one, too: the ring of operations is as long as volleys are */
    return pg_acting_send(lane->session.conn, as);
}

static bool is_alone(const struct volley *volley, const struct shape *shape)
{
    return volley->now.us < shape->alone_until.us;
}

static const struct acting *acting_of(const struct list *fetches)
{
    return container_of(fetches->next, struct fetch, link)->as;
}

/* `count` reads as one statement, in the segment that suits it. */
static void add(struct volley *volley, struct shape *shape, struct list *fetches, unsigned count)
{
    const struct acting *as = acting_of(fetches);
    bool alone = as != NULL || is_alone(volley, shape);
    uint64_t bytes = count * shape->answer_bytes;
    bool full = alone || volley->segment_bytes + bytes > SEGMENT_BYTES_MAX;
    bool sent = !full || close_segment(volley);
    sent = sent && open_segment(volley) && send_acting(volley, as);
    if (!send_statement(volley, shape, fetches, count > 1 ? OP_GATHER : OP_READ) ||
        !sent) /* the reads lie in the operation either way */
        volley->broken = true;
    volley->segment_bytes += bytes;
    if (alone && !volley->broken && !close_segment(volley))
        volley->broken = true;
}

/* ---- choosing reads ---- */

/* Takes a read out of its queue for sending; false: it was sent too often and is ended here. */
static bool take(struct lane *lane, struct fetch *fetch, struct list *to)
{
    list_remove(&fetch->link);
    if (!pg_read_try(fetch)) {
        pg_read_fail_tried(lane->port, fetch);
        return false;
    }
    pg_read_move(lane->port, fetch, READ_SENT);
    fetch->lane = "fast";
    list_push(to, &fetch->link);
    return true;
}

static void add_list_reads(struct volley *volley)
{
    struct pg_port *port = volley->lane->port;
    struct list one;
    list_init(&one);
    while (!list_empty(&port->list_reads) && volley->statements < VOLLEY_STATEMENTS_MAX && !volley->broken) {
        struct fetch *fetch = container_of(port->list_reads.next, struct fetch, link);
        struct shape *shape = read_shape(fetch);
        if (shape->lane == SHAPE_SLOW) { /* it became so since */
            list_remove(&fetch->link);
            pg_port_enqueue(port, fetch);
        } else if (take(volley->lane, fetch, &one)) {
            add(volley, shape, &one, 1);
        }
    }
}

/* As many reads of a shape as may go together: the first that waits and those that share a statement with it. */
static void add_point_reads(struct volley *volley, struct shape *shape)
{
    struct lane *lane = volley->lane;
    struct buf *keys = &lane->port->keys;
    unsigned most = is_alone(volley, shape) ? 1 : lane->port->store->options.gather_max;
    const struct fetch *first = NULL;
    struct list some;
    list_init(&some);
    pg_gather_begin(keys);
    unsigned count = 0;
    LIST_EACH_SAFE (&shape->waiting, link, after) {
        struct fetch *fetch = container_of(link, struct fetch, link);
        bool single = most < 2 || (fetch->state & READ_ALONE);
        if (first && (single || !pg_gather_fits(first, fetch)))
            continue;
        if (!single && !pg_gather_add_key(keys, fetch)) {
            if (first)
                break;
            single = true;
        }
        if (!take(lane, fetch, &some))
            break; /* a key too many in the array does no harm: its row finds nobody */
        first = fetch;
        if (++count >= most || single)
            break;
    }
    if (count == 0)
        return;
    if (count > 1) {
        pg_gather_finish(&lane->port->keys);
        count_up(&lane->port->counters.gathered, count);
    }
    add(volley, shape, &some, count);
}

static void add_shapes(struct volley *volley)
{
    struct pg_port *port = volley->lane->port;
    while (!list_empty(&port->point_shapes) && volley->statements < VOLLEY_STATEMENTS_MAX &&
           !volley->broken) {
        struct shape *shape = container_of(port->point_shapes.next, struct shape, turn);
        list_remove(&shape->turn);
        shape_hold(shape); /* its last read may end here, and the owner ask for another shape */
        add_point_reads(volley, shape);
        if (!list_empty(&shape->waiting) && list_empty(&shape->turn))
            list_push(&port->point_shapes, &shape->turn);
        shape_release(shape);
    }
}

void pg_lane_send_volley(struct lane *lane)
{
    PRE(pg_lane_has_room(lane));
    struct volley volley = {.lane = lane, .now = loop_now(lane->port->loop)};
    if (pg_lane_serves(lane, SESSION_POINT))
        add_shapes(&volley);
    if (pg_lane_serves(lane, SESSION_LIST))
        add_list_reads(&volley);
    if (volley.statements == 0)
        return;
    if (volley.broken || !close_segment(&volley)) {
        struct failure failure;
        pg_failure_of_connection(lane->session.conn, &failure);
        pg_lane_lose(lane, &failure);
        return;
    }
    volley.last_sync->ends_volley = true;
    if (lane->volleys++ == 0)
        gauge_add(&lane->port->counters.lanes_busy, 1);
    pg_session_flush(&lane->session);
}
