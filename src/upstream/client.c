/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface on the loop: its sockets are watched as it asks, level-triggered, its one timer is one of ours, and names
 * are resolved on threads of its own.
 *
 *   watch, timer, kick ─→ act ─→ curl_multi_socket_action ─→ (callbacks note) ─→ transfers that ended ─→ owners hear
 *
 * A timer of 0 ms is not the wheel's, whose ticks are 8 ms, but the end of this turn.
 * Failure: a socket that cannot be watched is told to libcurl as failed; what no transfer comes of, ends by its deadline. */
#include "upstream/client.h"

#include <sys/random.h>

#include "base/mem.h"

enum { CLIENT_MAGIC = 0x5570436c, SOCKET_MAGIC = 0x55705363 };

struct socket {
    uint32_t magic;
    struct upstream_client *client;
    struct watch watch;
};

static void tell(struct upstream_client *client)
{
    struct list *link;
    while ((link = list_shift(&client->news)) != NULL)
        call_tell(link);
}

static void end_transfers(struct upstream_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            call_transfer_ended(message->easy_handle, message->data.result);
}

static void act(struct upstream_client *client, curl_socket_t fd, int what)
{
    CHECK_MAGIC(client, CLIENT_MAGIC);
    PRE(!client->inside);
    int running;
    client->inside = true;
    CURLMcode code = curl_multi_socket_action(client->multi, fd, what, &running);
    client->inside = false;
    POST(code == CURLM_OK || code == CURLM_INTERNAL_ERROR || code == CURLM_OUT_OF_MEMORY);
    end_transfers(client);
    tell(client);
}

/* --- what libcurl asks for --- */

static void on_socket_events(struct watch *watch, uint32_t events)
{
    struct socket *socket = container_of(watch, struct socket, watch);
    CHECK_MAGIC(socket, SOCKET_MAGIC);
    bool broken = events & (EPOLLERR | EPOLLHUP);
    int what = (events & EPOLLIN || broken ? CURL_CSELECT_IN : 0) |
               (events & EPOLLOUT || broken ? CURL_CSELECT_OUT : 0);
    act(socket->client, watch->fd, what);
}

static void socket_end(struct upstream_client *client, struct socket *socket, curl_socket_t fd)
{
    if (!socket)
        return;
    (void)curl_multi_assign(client->multi, fd, NULL);
    loop_unwatch(&socket->watch);
    socket->magic = 0;
    mem_free(socket);
}

static int socket_begin(struct upstream_client *client, curl_socket_t fd, uint32_t events)
{
    struct socket *socket = mem_must(sizeof *socket);
    *socket = (struct socket){.magic = SOCKET_MAGIC,
                              .client = client,
                              .watch = {.fd = fd, .on_events = on_socket_events}};
    bool watched = loop_watch_level(client->loop, &socket->watch, events) == OK &&
                   curl_multi_assign(client->multi, fd, socket) == CURLM_OK;
    if (watched)
        return 0;
    loop_unwatch(&socket->watch);
    mem_free(socket);
    return -1;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    (void)easy;
    struct upstream_client *client = context;
    struct socket *socket = socket_context;
    CHECK_MAGIC(client, CLIENT_MAGIC);
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (what == CURL_POLL_REMOVE)
        socket_end(client, socket, fd);
    else if (!socket)
        return socket_begin(client, fd, events);
    else
        loop_watch_change(&socket->watch, events);
    return 0;
}

static void on_due(struct timer *timer)
{
    act(container_of(timer, struct upstream_client, timer), CURL_SOCKET_TIMEOUT, 0);
}

static void on_kick(struct task *task)
{
    struct upstream_client *client = container_of(task, struct upstream_client, kick);
    CHECK_MAGIC(client, CLIENT_MAGIC);
    bool due = client->due;
    client->due = false;
    if (due)
        act(client, CURL_SOCKET_TIMEOUT, 0);
    else
        tell(client);
}

static int on_timer(CURLM *multi, long after_ms, void *context)
{
    (void)multi;
    struct upstream_client *client = context;
    CHECK_MAGIC(client, CLIENT_MAGIC);
    loop_timer_stop(&client->timer);
    client->due = after_ms == 0;
    if (after_ms == 0)
        loop_at_turn_end(client->loop, &client->kick);
    else if (after_ms > 0)
        loop_timer_set(client->loop, &client->timer, after_ms);
    return 0;
}

void client_tell_soon(struct upstream_client *client)
{
    CHECK_MAGIC(client, CLIENT_MAGIC);
    loop_at_turn_end(client->loop, &client->kick);
}

/* splitmix64 (Vigna 2015). */
uint32_t client_chance(struct upstream_client *client)
{
    uint64_t z = client->chance += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

/* --- beginning and end --- */

static void set_up(struct upstream_client *client)
{
    CURLM *multi = client->multi;
    bool set = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
               curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client) == CURLM_OK &&
               curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
               curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client) == CURLM_OK &&
               curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) == CURLM_OK &&
               curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CLIENT_CONNECTIONS_KEPT_MAX) == CURLM_OK;
    POST(set);
}

struct upstream_client *upstream_client_new(struct loop *loop)
{
    struct upstream_client *client = mem_must(sizeof *client);
    client->magic = CLIENT_MAGIC;
    client->loop = loop;
    client->timer.on_due = on_due;
    client->kick.run = on_kick;
    list_init(&client->calls);
    list_init(&client->news);
    if (getrandom(&client->chance, sizeof client->chance, 0) != sizeof client->chance)
        client->chance = (uint64_t)clock_mono().us ^ (uint64_t)(uintptr_t)client;
    bool begun = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; /* counted by libcurl, for any thread */
    client->multi = begun ? curl_multi_init() : NULL;
    if (!client->multi)
        UNREACHABLE("no memory for libcurl at start");
    set_up(client);
    return client;
}

void upstream_client_free(struct upstream_client *client)
{
    if (!client)
        return;
    CHECK_MAGIC(client, CLIENT_MAGIC);
    PRE(list_empty(&client->calls) && !client->inside);
    for (unsigned i = 0; i < client->kept_count; i++)
        curl_easy_cleanup(client->kept[i]);
    (void)curl_multi_cleanup(client->multi);
    curl_global_cleanup();
    loop_timer_stop(&client->timer);
    loop_task_cancel(&client->kick);
    client->magic = 0;
    mem_free(client);
}

CURL *client_handle_take(struct upstream_client *client)
{
    return client->kept_count ? client->kept[--client->kept_count] : curl_easy_init();
}

void client_handle_give(struct upstream_client *client, CURL *easy)
{
    if (client->kept_count == CLIENT_HANDLES_KEPT_MAX) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    client->kept[client->kept_count++] = easy;
}
