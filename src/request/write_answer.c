/* SPDX-License-Identifier: Apache-2.0 */
/* See write_answer.h. */
#include "request/write_answer.h"

#include "http/path.h"
#include "request/steps.h"
#include "request/worker.h"
#include "request/write_steps.h"

static bool is_plain(const struct request *request)
{
    return request->route.manner == MANNER_PLAIN;
}

void write_answer_begin(struct request *request)
{
    const struct plan *shown = write_shown(request->writing->write);
    bool object = format_is_object(request->format);
    unsigned *key_cells = ARENA_ARRAY(&request->arena, unsigned, shown->order_count + 1);
    for (unsigned i = 0; i < shown->order_count; i++)
        key_cells[i] = shown->order[i].cell;
    bool one = is_plain(request) && request->writing->of_one && request->format == FORMAT_JSON;
    struct page_spec spec = {.dialect = shown->dialect,
                             .form = request->format == FORMAT_CSV ? PAGE_CSV : PAGE_JSON,
                             .line_end = is_plain(request) ? SLICE("\r\n") : SLICE("\n"),
                             .columns = shown->columns,
                             .column_count = shown->column_count,
                             .order_cells = key_cells,
                             .order_count = shown->order_count,
                             .limit = one ? 1 : 0,
                             .bare_object = one,
                             .first_alone = object,
                             .strip_nulls = format_is_stripped(request->format)};
    page_init(&request->page, &spec, NULL, &request->arena,
              request->snapshot->model->config->answers.bytes_max);
}

static uint64_t changed_rows(const struct request *request)
{
    return request->fetch.on_statement ? write_changed(request->writing->write) : request->fetch.changed;
}

/* `/api/users/5`, `/rest/v1/users?id=eq.5`. */
static struct slice location(struct request *request)
{
    const struct resource *resource = request->route.resource;
    struct slice rest = request->target, path = slice_cut(&rest, '?');
    struct buf out;
    if (!request->writing->asked.names || !request->page.first)
        return (struct slice){NULL, 0};
    buf_init(&out, 4096);
    buf_add(&out, path);
    for (unsigned i = 0; i < resource->key_count; i++) {
        struct slice cell = request->page.first[i];
        if (is_plain(request)) {
            buf_byte(&out, i ? ',' : '/');
        } else {
            buf_byte(&out, i ? '&' : '?');
            http_encode(&out, resource->key[i]->name);
            buf_lit(&out, "=eq.");
        }
        http_encode(&out, cell);
    }
    struct slice text = out.failed ? (struct slice){NULL, 0} : arena_copy(&request->arena, buf_slice(&out));
    buf_done(&out);
    return text;
}

/* Where no rows are shown: how many there were, of those that were several. */
static void tell_count(struct request *request)
{
    static const char *const words[] = {[WRITE_POST] = "created",
                                        [WRITE_PATCH] = "changed",
                                        [WRITE_PUT] = "changed",
                                        [WRITE_DELETE] = "deleted"};
    page_done(&request->page);
    buf_init(&request->body, 64);
    buf_format(&request->body, "{\"%s\":%llu}", words[request->writing->asked.verb],
               (unsigned long long)changed_rows(request));
}

static unsigned status_of(const struct request *request)
{
    const struct writing *writing = request->writing;
    bool tells = writing->asked.shows || (is_plain(request) && request->route.kind == ROUTE_LIST);
    if (writing->asked.verb == WRITE_POST || write_created(writing->write))
        return 201;
    return tells ? 200 : 204;
}

static bool is_absent(const struct request *request)
{
    return request->route.kind == ROUTE_ROW && changed_rows(request) == 0;
}

/* It is written; only to show it is too much. */
static void show_nothing(struct request *request)
{
    page_done(&request->page);
    request->writing->asked.shows = false;
}

/* Of the row that is to be kept. */
static struct slice version(const struct request *request)
{
    const struct write *write = request->writing->write;
    const struct slice *cells = request->page.first;
    bool known = cells && write_keeps(write) && write_version_at(write) < write_shown(write)->order_count;
    return known ? cells[write_version_at(write)] : (struct slice){NULL, 0};
}

static void write_body(struct request *request)
{
    const struct writing *writing = request->writing;
    request->version = version(request);
    if (writing->asked.shows) {
        page_finish(&request->page, NULL, NULL);
        if (request->page.body.failed)
            show_nothing(request);
        return;
    }
    page_done(&request->page);
    if (is_plain(request) && !writing->of_one && request->prefer.returns == RETURN_DEFAULT)
        tell_count(request);
}

/* As PostgREST has it: of changed rows their numbers, of all that were written how many, where it was asked for. */
static struct slice content_range(struct request *request)
{
    const struct writing *writing = request->writing;
    unsigned long long changed = changed_rows(request);
    bool counts = request->prefer.count != COUNT_NONE;
    struct slice numbers = writing->asked.verb == WRITE_PATCH && changed > 0
                               ? arena_format(&request->arena, "0-%llu", changed - 1)
                               : SLICE("*");
    struct slice total = counts ? arena_format(&request->arena, "%llu", changed) : SLICE("*");
    return arena_format(&request->arena, SLICE_FMT "/" SLICE_FMT, SLICE_ARG(numbers), SLICE_ARG(total));
}

void write_answer_compose(struct request *request)
{
    struct writing *writing = request->writing;
    struct answer *answer = &request->answer;
    if (is_absent(request)) {
        plan_row_absent(&request->arena, request->route.resource, request->route.id, &request->problem);
        return;
    }
    answer->location = location(request);
    write_body(request);
    answer->status = status_of(request);
    bool ignored = is_plain(request) && writing->of_one && changed_rows(request) == 0;
    if (request->page.body.len == 0 && request->body.len == 0 && (answer->status == 200 || ignored))
        answer->status = 204;
    answer->type = writing->asked.shows ? format_type(request->format) : SLICE("application/json");
    answer->preference_applied = prefer_applied(&request->prefer, false, &request->arena);
    if (!is_plain(request))
        answer->content_range = content_range(request);
}
