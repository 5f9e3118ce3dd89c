/* SPDX-License-Identifier: Apache-2.0 */
/* See subscriber.h. */
#include "redis/subscriber.h"

#include "redis/link_parts.h"

enum { SUBSCRIBER_MAGIC = 0x52535542 };

static struct redis_subscriber *of(struct redis_link *link)
{
    struct redis_subscriber *subscriber = container_of(link, struct redis_subscriber, link);
    CHECK_MAGIC(subscriber, SUBSCRIBER_MAGIC);
    return subscriber;
}

static void on_ready(struct redis_link *link)
{
    struct buf out;
    buf_init(&out, 1024);
    redis_encode(&out, (struct slice[]){SLICE("SUBSCRIBE"), of(link)->channel}, 2);
    if (redis_link_send(link, NULL, 1, buf_slice(&out), 0) != OK)
        redis_link_lose(link, "it cannot subscribe");
    buf_done(&out);
}

static void on_push(struct redis_link *link, const struct redis_reply *reply)
{
    struct redis_subscriber *subscriber = of(link);
    bool triple = reply->kind == REDIS_ARRAY && reply->count == 3;
    if (triple && slice_eq(reply->items[0]->text, SLICE("message"))) {
        subscriber->on_message(subscriber, reply->items[2]->text);
    } else if (triple && slice_eq(reply->items[0]->text, SLICE("subscribe"))) {
        subscriber->up = true;
        subscriber->on_up(subscriber);
    } else {
        redis_link_lose(link, reply->kind == REDIS_ERROR ? reply->text.data : "what it says is no message");
    }
}

static void go_on(struct task *task)
{
    struct redis_subscriber *subscriber = container_of(task, struct redis_subscriber, next_host);
    const struct redis_url *url = subscriber->link.plan->url;
    const struct redis_host *host = &url->hosts[subscriber->host_at++ % url->host_count];
    struct loop *loop = subscriber->link.loop;
    redis_link_close(&subscriber->link);
    redis_link_open(&subscriber->link, loop, host->name.data, host->port);
}

static void on_lost(struct redis_link *link)
{
    struct redis_subscriber *subscriber = of(link);
    bool was_up = subscriber->up;
    subscriber->up = false;
    if (link->plan->url->host_count > 1 &&
        link->attempts % 2 == 0) /* twice each, by the link's own back-off */
        loop_at_turn_end(link->loop, &subscriber->next_host);
    if (was_up)
        subscriber->on_down(subscriber);
}

static const struct redis_link_events events = {.on_ready = on_ready, .on_lost = on_lost, .on_push = on_push};

void redis_subscriber_open(struct redis_subscriber *subscriber, struct redis_plan *plan, struct loop *loop)
{
    PRE(subscriber->on_up && subscriber->on_down && subscriber->on_message && subscriber->channel.len > 0);
    subscriber->magic = SUBSCRIBER_MAGIC;
    subscriber->next_host.run = go_on;
    redis_link_init(&subscriber->link, plan, &events, true);
    subscriber->link.loop = loop;
    loop_at_turn_end(loop, &subscriber->next_host);
}

void redis_subscriber_close(struct redis_subscriber *subscriber)
{
    CHECK_MAGIC(subscriber, SUBSCRIBER_MAGIC);
    loop_task_cancel(&subscriber->next_host);
    redis_link_close(&subscriber->link);
    subscriber->up = false;
}

bool redis_subscriber_is_quiet(const struct redis_subscriber *subscriber)
{
    return subscriber->link.state == REDIS_LINK_OFF && subscriber->link.jobs_out == 0;
}

void redis_subscriber_done(struct redis_subscriber *subscriber)
{
    CHECK_MAGIC(subscriber, SUBSCRIBER_MAGIC);
    PRE(redis_subscriber_is_quiet(subscriber));
    redis_link_done(&subscriber->link);
    subscriber->magic = 0;
}
