/* SPDX-License-Identifier: Apache-2.0 */
/* See documents.h. Until there are roles everyone is anonymous, and one document serves all. */
#include "request/documents.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "openapi/openapi.h"
#include "openapi/page.h"
#include "request/worker.h"

/* Some 4 KB for a table: thousands of them. A model beyond it is served without its document. */
#define DOCUMENT_BYTES_MAX (64 << 20)

struct documents {
    struct buf openapi;
};

struct documents *documents_new(const struct model *model)
{
    struct documents *documents = mem_must(sizeof *documents);
    buf_init(&documents->openapi, DOCUMENT_BYTES_MAX);
    openapi_write(model, ROLE_ANONYMOUS, &documents->openapi);
    if (documents->openapi.failed) {
        log_event(LOG_WARN, "openapi.json left out", LOG_TEXT("why", SLICE("it has no room in memory")));
        buf_done(&documents->openapi);
    }
    buf_trim(&documents->openapi);
    return documents;
}

void documents_free(struct documents *documents)
{
    if (!documents)
        return;
    buf_done(&documents->openapi);
    mem_free(documents);
}

static enum step answer(struct request *request, struct slice type, struct slice bytes)
{
    struct answer *answer = &request->answer;
    struct slice tag = arena_format(&request->arena, "\"%016llx\"", (unsigned long long)hash_stable(bytes));
    answer->etag = tag;
    answer->type = type;
    answer->status = 304;
    if (respond_matches(http_head_get(request->head, HTTP_IF_NONE_MATCH), tag))
        return STEP_RESPOND;
    if (worker_answers_full(request->worker, bytes.len))
        return request_fail_full(request);
    answer->status = 200;
    buf_init(&request->body, bytes.len);
    buf_add(&request->body, bytes);
    return request->body.failed ? request_fail_memory(request) : STEP_RESPOND;
}

static enum step answer_document(struct request *request)
{
    const struct documents *documents = request->snapshot->documents;
    PRE(documents != NULL);
    if (!documents->openapi.len)
        return request_fail(request, 503, SLICE("out-of-memory"),
                            SLICE("The document had no room in memory when it was made."));
    return answer(request, SLICE("application/json"), buf_slice(&documents->openapi));
}

static enum step answer_page(struct request *request)
{
    const struct page_file *file = page_find(request->route.id);
    if (!file)
        return request_fail(request, 404, SLICE("unknown-path"),
                            SLICE("The page at /docs has no such file."));
    request->answer.page = true;
    return answer(request, file->type, *file->bytes);
}

enum step documents_answer(struct request *request)
{
    PRE(request->route.kind == ROUTE_OPENAPI || request->route.kind == ROUTE_DOCS);
    return request->route.kind == ROUTE_OPENAPI ? answer_document(request) : answer_page(request);
}
