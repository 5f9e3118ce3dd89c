/* SPDX-License-Identifier: Apache-2.0 */
/* The look before a write. See precondition.h. */
#include "request/precondition.h"

#include "http/path.h"
#include "request/steps.h"
#include "request/worker.h"

/* --- BODY: what is asked --- */

static enum error refuse(struct request *request, struct slice place, struct slice code, struct slice detail,
                         struct slice hint)
{
    (void)request_fail(request, 400, code, detail);
    request->problem.place = place;
    request->problem.hint = hint;
    return ERR_PROBLEM;
}

static bool is_of_row(const struct request *request)
{
    return request->route.write && request->route.kind == ROUTE_ROW;
}

/* All fields as one list; data NULL: one of them is `*`. */
static struct slice read_tags(struct request *request)
{
    unsigned position = 0;
    struct slice value, tags = SLICE("");
    while (http_head_next(request->head, HTTP_IF_MATCH, &position, &value)) {
        if (slice_eq(value, SLICE("*")))
            return (struct slice){NULL, 0};
        tags = arena_format(&request->arena, SLICE_FMT "%s" SLICE_FMT, SLICE_ARG(tags), tags.len ? "," : "",
                            SLICE_ARG(value));
    }
    return tags;
}

enum error precondition_read(struct request *request)
{
    PRE(request->head != NULL && !request->precondition);
    if (http_head_get(request->head, HTTP_IF_NONE_MATCH).data)
        return refuse(request, SLICE("If-None-Match"), SLICE("misplaced-condition"),
                      SLICE("What changes something takes no `If-None-Match`."),
                      SLICE("POST makes what is not there, and answers 409 where it is."));
    if (!http_head_get(request->head, HTTP_IF_MATCH).data)
        return OK;
    if (!is_of_row(request))
        return refuse(request, SLICE("If-Match"), SLICE("misplaced-condition"),
                      SLICE("`If-Match` goes with PATCH, PUT and DELETE of one row by its path."),
                      SLICE("Ask for the row, `/resource/{id}`, and send its `ETag`."));
    if (!request->route.resource->version)
        return refuse(request, SLICE("If-Match"), SLICE("no-version"),
                      arena_format(&request->arena,
                                   "`" SLICE_FMT "` has no version that `If-Match` could be held against.",
                                   SLICE_ARG(request->route.resource->config->name.text)),
                      SLICE("`version: COLUMN` in the configuration names a column that changes with every "
                            "write; PostgreSQL's tables have one without."));
    request->precondition = ARENA_NEW(&request->arena, struct precondition);
    request->precondition->tags = read_tags(request);
    return OK;
}

enum error precondition_plan(struct request *request, const struct plan_context *context)
{
    if (!request->precondition)
        return OK;
    return plan_version(context, request->route.resource, request->route.id, &request->precondition->look,
                        &request->problem);
}

/* --- FETCH: on the store's thread --- */

static bool take_version(void *context, const struct slice *cells, unsigned count)
{
    struct request *request = context;
    struct precondition *precondition = request->precondition;
    PRE(count >= 1);
    struct buf text;
    precondition->found = true;
    if (!cells[0].data)
        return true;
    buf_init(&text, 4096); /* what is longer stood in no tag */
    http_encode(&text, cells[0]);
    if (!text.failed)
        precondition->version = arena_copy(&request->arena, buf_slice(&text));
    buf_done(&text);
    return true;
}

/* `"17.5f0c…-br"` → `17`; empty: a tag without a version, or a weak one, which is nobody's (section 8.8.3.2). */
static struct slice version_of(struct slice tag)
{
    if (tag.len < 2 || tag.data[0] != '"' || tag.data[tag.len - 1] != '"')
        return SLICE("");
    size_t dot = tag.len;
    while (dot > 1 && tag.data[dot - 1] != '.')
        dot--;
    return dot > 1 ? slice_of(tag.data + 1, dot - 2) : SLICE("");
}

static bool matches(const struct precondition *precondition)
{
    struct slice rest = precondition->tags, tag;
    if (!rest.data)
        return true;
    while (precondition->version.data && http_list_next(&rest, &tag))
        if (slice_eq(version_of(tag), precondition->version))
            return true;
    return false;
}

static enum verdict refuse_absent(struct request *request)
{
    if (request->method == HTTP_PUT) {
        (void)request_fail(request, 412, SLICE("if-match-failed"),
                           SLICE("There is no such row; nothing was made."));
        request->problem.place = SLICE("If-Match");
    } else {
        plan_row_absent(&request->arena, request->route.resource, request->route.id, &request->problem);
    }
    request->fetch.problem = request->problem;
    return VERDICT_ROLLBACK;
}

static enum verdict refuse_changed(struct request *request)
{
    (void)request_fail(request, 412, SLICE("if-match-failed"),
                       SLICE("The row is not the one that `If-Match` names; nothing was changed."));
    request->problem.hint = SLICE("Somebody has changed it since: ask for it again, and decide anew.");
    request->problem.place = SLICE("If-Match");
    request->fetch.problem = request->problem;
    return VERDICT_ROLLBACK;
}

static enum verdict on_look(struct request *request)
{
    struct precondition *precondition = request->precondition;
    precondition->looked = true;
    if (!precondition->found)
        return refuse_absent(request);
    if (!matches(precondition))
        return refuse_changed(request);
    request->fetch.statement = precondition->first;
    precondition->work->begin(request);
    return VERDICT_NEXT;
}

static enum verdict on_statement(struct request *request)
{
    struct precondition *precondition = request->precondition;
    return precondition->looked ? precondition->work->on_statement(request) : on_look(request);
}

/* --- FETCH: the rest of the work's --- */

static void begin(struct request *request)
{
    struct precondition *precondition = request->precondition;
    precondition->looked = precondition->found = false;
    request->fetch.sink = (struct row_sink){take_version, request};
}

static void compose(struct request *request)
{
    request->precondition->work->compose(request);
}

static void blame(struct request *request)
{
    const struct work *work = request->precondition->work;
    if (work->blame)
        work->blame(request);
}

static const struct work conditional_work = {begin, on_statement, compose, blame};

enum step precondition_fetch(struct request *request, const struct work *work)
{
    struct precondition *precondition = request->precondition;
    PRE(precondition && precondition->look.text.len > 0 && request->fetch.statement.text.len > 0);
    precondition->work = work;
    precondition->first = request->fetch.statement;
    request->fetch.statement = precondition->look;
    return unit_fetch(request, &conditional_work, true);
}
