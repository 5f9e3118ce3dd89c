/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a call: begun, tried once more where that is safe, ended by its answer, its deadline or its owner. upstream.h has the
 * picture, and says how it fails. */
#include "upstream/call.h"

#include "base/mem.h"
#include "upstream/service.h"

/* Before the second try; each further one waits twice as long. Plus as much again by chance. */
enum { AGAIN_MS = 20, RATE_WINDOW_MS = 5000 };

bool call_is_idempotent(const struct upstream_call *call)
{
    return call->asked.method != HTTP_POST && call->asked.method != HTTP_PATCH;
}

bool call_may_send_again(const struct upstream_call *call)
{
    return call->tries <= call->service->options.retries && (!call->sent || call_is_idempotent(call));
}

void call_note_try(struct upstream_call *call)
{
    if (call->tries++)
        atomic_fetch_add(&call->service->retries, 1);
}

void call_note_news(struct upstream_call *call)
{
    if (list_empty(&call->news_link))
        list_push(&call->client->news, &call->news_link);
}

void call_tell(struct list *link)
{
    struct upstream_call *call = container_of(link, struct upstream_call, news_link);
    CHECK_MAGIC(call, CALL_MAGIC);
    call->asked.on_news(call->asked.context); /* it may be freed from here on */
}

/* --- tries --- */

static void leave_transfer(struct upstream_call *call)
{
    PRE(!call->client->inside);
    if (call->transferring)
        (void)curl_multi_remove_handle(call->client->multi, call->easy);
    call->transferring = false;
}

static void end(struct upstream_call *call, enum upstream_outcome outcome)
{
    PRE(call->outcome == UPSTREAM_GOING && outcome != UPSTREAM_GOING);
    leave_transfer(call);
    loop_timer_stop(&call->deadline);
    loop_timer_stop(&call->again);
    call->outcome = outcome;
    service_leave(call->service, call->probe, outcome, client_chance(call->client));
    call_note_news(call);
}

static void begin_try(struct upstream_call *call)
{
    answer_begin(&call->reader);
    call->body_at = 0;
    call->sent = false;
    call->error[0] = 0;
    call_note_try(call);
    bool begun = curl_multi_add_handle(call->client->multi, call->easy) == CURLM_OK;
    call->transferring = begun;
    if (begun)
        return;
    end(call, UPSTREAM_NO_MEMORY);
    client_tell_soon(call->client);
}

static void on_again(struct timer *timer)
{
    struct upstream_call *call = container_of(timer, struct upstream_call, again);
    CHECK_MAGIC(call, CALL_MAGIC);
    begin_try(call);
}

static enum upstream_outcome outcome_of(const struct upstream_call *call, CURLcode code)
{
    if (call->too_large)
        return UPSTREAM_TOO_LARGE;
    if (call->in.failed)
        return UPSTREAM_NO_MEMORY;
    if (code == CURLE_OK)
        return call->reader.whole ? UPSTREAM_OK : UPSTREAM_BROKEN;
    if (code == CURLE_OUT_OF_MEMORY &&
        !call->sent) /* later it is what libcurl calls a line without end, too */
        return UPSTREAM_NO_MEMORY;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return UPSTREAM_TIMED_OUT;
    return call->sent ? UPSTREAM_BROKEN : UPSTREAM_UNREACHABLE;
}

/* Nothing of an answer has come, and it does no harm. */
static bool may_try_again(const struct upstream_call *call, enum upstream_outcome outcome)
{
    bool lost = outcome == UPSTREAM_UNREACHABLE || outcome == UPSTREAM_BROKEN ||
                (outcome == UPSTREAM_TIMED_OUT && !call->sent);
    return lost && call->reader.bytes == 0 && call_may_send_again(call);
}

void call_transfer_ended(CURL *easy, CURLcode code)
{
    struct upstream_call *call;
    bool known = curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call) == CURLE_OK;
    POST(known);
    CHECK_MAGIC(call, CALL_MAGIC);
    enum upstream_outcome outcome = outcome_of(call, code);
    leave_transfer(call);
    if (outcome != UPSTREAM_OK && !call->refused && !call->error[0])
        call->refused = call->reader.refuse ? call->reader.refuse : curl_easy_strerror(code);
    if (!may_try_again(call, outcome)) {
        end(call, outcome);
        return;
    }
    call->refused = NULL;
    unsigned pause_ms = AGAIN_MS << (call->tries - 1);
    loop_timer_set(call->client->loop, &call->again, pause_ms + client_chance(call->client) % pause_ms);
}

/* --- deadlines --- */

static int64_t whole_left_ms(const struct upstream_call *call)
{
    int64_t whole_ms = call->service->options.whole_ms;
    int64_t passed_ms = mono_diff_us(clock_mono(), call->began) / 1000;
    if (!whole_ms)
        return INT64_MAX;
    return passed_ms < whole_ms ? whole_ms - passed_ms : 0;
}

/* To the window's end, or the whole's. */
void call_begin_window(struct upstream_call *call)
{
    const struct upstream_options *options = &call->service->options;
    int64_t window_ms = options->rate_window_ms ? options->rate_window_ms : RATE_WINDOW_MS;
    int64_t left_ms = whole_left_ms(call);
    loop_timer_stop(&call->deadline);
    if (!options->rate_min && !options->whole_ms)
        return;
    call->window_received = call->received;
    call->window_held = call->paused;
    loop_timer_set(call->client->loop, &call->deadline, window_ms < left_ms ? window_ms : left_ms);
}

static bool is_too_slow(const struct upstream_call *call)
{
    const struct upstream_options *options = &call->service->options;
    uint64_t window_ms = (uint64_t)(options->rate_window_ms ? options->rate_window_ms : RATE_WINDOW_MS);
    uint64_t least = options->rate_min * window_ms / 1000;
    return !call->window_held && call->received - call->window_received < least;
}

static void on_deadline(struct timer *timer)
{
    struct upstream_call *call = container_of(timer, struct upstream_call, deadline);
    CHECK_MAGIC(call, CALL_MAGIC);
    PRE(call->outcome == UPSTREAM_GOING);
    bool whole_passed = whole_left_ms(call) == 0;
    if (call->reader.whole && !whole_passed && !is_too_slow(call)) {
        call_begin_window(call);
        return;
    }
    call->refused = !call->reader.whole ? "no answer within `timeout`"
                    : whole_passed      ? "the answer is not whole within `whole`"
                                        : "the answer comes more slowly than `rate`";
    end(call, UPSTREAM_TIMED_OUT);
    client_tell_soon(call->client);
}

/* --- for the owner --- */

static void enter(struct upstream_call *call)
{
    call->outcome = service_enter(call->service, &call->probe);
    if (call->outcome != UPSTREAM_GOING)
        return;
    call->easy = client_handle_take(call->client);
    if (!call->easy || !transfer_set_up(call)) {
        end(call, UPSTREAM_NO_MEMORY);
        list_remove(&call->news_link);
        return;
    }
    int64_t whole_ms = whole_left_ms(call), timeout_ms = call->service->options.timeout_ms;
    loop_timer_set(call->client->loop, &call->deadline, whole_ms < timeout_ms ? whole_ms : timeout_ms);
    begin_try(call);
}

struct upstream_call *upstream_start(struct upstream_client *client, struct upstream *service,
                                     const struct upstream_asked *asked)
{
    PRE(!client->inside && asked->on_news && asked->method < HTTP_OTHER);
    struct upstream_call *call = mem_must(sizeof *call);
    call->magic = CALL_MAGIC;
    call->client = client;
    call->service = service;
    call->began = clock_mono();
    call->deadline.on_due = on_deadline;
    call->again.on_due = on_again;
    buf_init(&call->in, UPSTREAM_HELD_BYTES_MAX);
    list_init(&call->news_link);
    list_push(&client->calls, &call->link);
    if (transfer_copy(call, asked))
        enter(call);
    else
        call->outcome = UPSTREAM_NO_MEMORY;
    return call;
}

const struct upstream_answer *upstream_answer(const struct upstream_call *call)
{
    CHECK_MAGIC(call, CALL_MAGIC);
    return call->reader.whole ? &call->reader.answer : NULL;
}

void upstream_take(struct upstream_call *call, struct buf *ret_piece)
{
    CHECK_MAGIC(call, CALL_MAGIC);
    PRE(!call->client->inside);
    *ret_piece = call->in;
    buf_init(&call->in, UPSTREAM_HELD_BYTES_MAX);
    if (!call->paused || !call->transferring)
        return;
    call->paused = false;
    call->client->inside = true;
    (void)curl_easy_pause(call->easy, CURLPAUSE_CONT); /* what fails ends the transfer, later */
    call->client->inside = false;
    client_tell_soon(call->client);
}

enum upstream_outcome upstream_outcome(const struct upstream_call *call)
{
    CHECK_MAGIC(call, CALL_MAGIC);
    return call->outcome;
}

struct slice upstream_cause(const struct upstream_call *call)
{
    CHECK_MAGIC(call, CALL_MAGIC);
    return call->refused ? slice_str(call->refused) : slice_str(call->error);
}

void upstream_free(struct upstream_call *call)
{
    if (!call)
        return;
    CHECK_MAGIC(call, CALL_MAGIC);
    leave_transfer(call);
    loop_timer_stop(&call->deadline);
    loop_timer_stop(&call->again);
    if (call->outcome == UPSTREAM_GOING)
        service_leave(call->service, call->probe, UPSTREAM_GOING, client_chance(call->client));
    if (call->easy)
        client_handle_give(call->client, call->easy);
    list_remove(&call->link);
    list_remove(&call->news_link);
    answer_done(&call->reader);
    buf_done(&call->in);
    mem_free(call->lines);
    mem_free(call->text);
    call->magic = 0;
    mem_free(call);
}
