/* SPDX-License-Identifier: Apache-2.0 */
/* A port's side of writes: to the writer's queue, out of it, and home. writer.h has the picture. The loop's thread.
 *
 * One that is cancelled, or has waited too long, before the writer has taken it ends at once; later it goes on to its end, for only
 * then is certain what became of it. Failure: 503 "pool-exhausted", or "database-busy" when another process has kept the writer out. */
#include "store/sqlite/trouble.h"
#include "store/sqlite/writer.h"

static void on_home(struct letter *letter)
{
    struct job *job = container_of(letter, struct job, letter);
    struct fetch *fetch = container_of(job, struct fetch, job);
    struct lite_port *port = lite_write_port(fetch);
    port->writes_count--;
    lite_end(port, fetch);
}

void lite_write_submit(struct lite_port *port, struct fetch *fetch)
{
    fetch->lane = "write";
    fetch->submitted = clock_mono();
    fetch->changed = 0;
    fetch->store_data[0] = port;
    fetch->job.letter.on_receive = on_home;
    if (!lite_writer_queue(port->store->writer, fetch)) {
        lite_end_later(port, fetch, lite_problem_exhausted());
        return;
    }
    port->writes_count++;
    lite_pool_patrol(port);
}

static void withdrawn(struct lite_port *port, struct fetch *fetch, struct problem problem)
{
    port->writes_count--;
    fetch->wait_us = mono_diff_us(clock_mono(), fetch->submitted);
    lite_end_later(port, fetch, problem);
}

void lite_write_cancel(struct lite_port *port, struct fetch *fetch)
{
    if (lite_writer_withdraw(port->store->writer, fetch))
        withdrawn(port, fetch, lite_problem_cancelled());
}

/* Takes those of this port out of the queue that have waited too long, or all. */
static void take_out(struct lite_port *port, struct mono now, bool all, struct list *ret_out)
{
    struct lite_writer *writer = port->store->writer;
    list_init(ret_out);
    pthread_mutex_lock(&writer->lock);
    LIST_EACH_SAFE (&writer->queue, link, after) {
        struct fetch *fetch = container_of(link, struct fetch, link);
        if (lite_write_port(fetch) != port || !(all || lite_waited_too_long(port, fetch, now)))
            continue;
        list_remove(link);
        list_push(ret_out, link);
        fetch->state = 0;
    }
    atomic_store(&writer->unwanted, list_empty(&writer->queue));
    pthread_mutex_unlock(&writer->lock);
}

void lite_write_patrol(struct lite_port *port, struct mono now)
{
    struct list out;
    if (port->writes_count == 0)
        return;
    struct problem problem =
        atomic_load(&port->store->writer->begins) ? lite_problem_busy() : lite_problem_exhausted();
    take_out(port, now, false, &out);
    for (struct list *link; (link = list_shift(&out)) != NULL;)
        withdrawn(port, container_of(link, struct fetch, link), problem);
}

void lite_write_stop(struct lite_port *port)
{
    struct list out;
    take_out(port, clock_mono(), true, &out);
    for (struct list *link; (link = list_shift(&out)) != NULL;)
        withdrawn(port, container_of(link, struct fetch, link), lite_problem_cancelled());
}
