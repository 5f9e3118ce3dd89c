/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of a link that wait for their replies, in the order they were sent: a ring of places. See link.h. */
#include "base/mem.h"
#include "redis/link_parts.h"

enum { ROW_SIZE_MIN = 64 };

static struct redis_asked *place(const struct redis_link *link, uint64_t number)
{
    PRE(number >= link->row_first && number < link->row_end);
    return &link->row[number & (link->row_size - 1)];
}

static void grow(struct redis_link *link)
{
    unsigned size = link->row_size ? link->row_size * 2 : ROW_SIZE_MIN;
    struct redis_asked *row = mem_must(size * sizeof *row);
    for (uint64_t number = link->row_first; number < link->row_end; number++)
        row[number & (size - 1)] = *place(link, number);
    mem_free(link->row);
    link->row = row;
    link->row_size = size;
}

bool redis_row_waits(const struct redis_link *link)
{
    return link->push ? link->pinged : link->row_first < link->row_end;
}

void redis_row_push(struct redis_link *link, struct redis_command *command)
{
    if (link->row_end - link->row_first == link->row_size)
        grow(link);
    if (link->row_first == link->row_end)
        link->waiting_since = loop_now(link->loop);
    uint64_t number = link->row_end++;
    *place(link, number) = (struct redis_asked){command, loop_now(link->loop)};
    if (command != NULL) {
        command->link = link;
        command->number = number;
    }
}

static void leave(struct redis_command *command)
{
    loop_timer_stop(&command->deadline);
    command->link = NULL;
}

struct redis_command *redis_row_shift(struct redis_link *link)
{
    struct redis_asked asked = *place(link, link->row_first);
    link->row_first++;
    link->lag_us = mono_diff_us(clock_mono(), asked.at);
    if (asked.command != NULL)
        leave(asked.command);
    return asked.command;
}

void redis_link_forget(struct redis_command *command)
{
    struct redis_link *link = command->link;
    if (link == NULL)
        return;
    CHECK_MAGIC(link, REDIS_LINK_MAGIC);
    PRE(place(link, command->number)->command == command);
    place(link, command->number)->command = NULL;
    leave(command);
}

static void end(struct redis_link *link, struct redis_command *command, enum redis_failure failure)
{
    command->failure = failure;
    link->events->on_end(link, command, NULL);
}

void redis_row_lose_all(struct redis_link *link)
{
    PRE(link->state != REDIS_LINK_READY); /* so that nothing is added meanwhile */
    while (link->row_first < link->row_end) {
        struct redis_command *command = place(link, link->row_first)->command;
        link->row_first++;
        if (command == NULL)
            continue;
        leave(command);
        end(link, command, REDIS_LOST);
    }
}

static void due(struct timer *timer)
{
    struct redis_command *command = container_of(timer, struct redis_command, deadline);
    struct redis_link *link = command->link;
    redis_link_forget(command);
    end(link, command, REDIS_LATE);
}

void redis_row_wait(struct redis_link *link, struct redis_command *command, int64_t deadline_ms)
{
    PRE(command->link == link && deadline_ms > 0);
    command->failure = REDIS_FINE;
    command->deadline.on_due = due;
    loop_timer_set(link->loop, &command->deadline, deadline_ms);
}

int64_t redis_link_lag_us(const struct redis_link *link)
{
    int64_t lag_us = link->lag_us;
    if (link->row_first < link->row_end) {
        int64_t age_us = mono_diff_us(loop_now(link->loop), place(link, link->row_first)->at);
        lag_us = age_us > lag_us ? age_us : lag_us;
    }
    return lag_us;
}
