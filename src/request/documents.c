/* SPDX-License-Identifier: Apache-2.0 */
/* See documents.h. A role's document is made when it is first asked for. */
#include "request/documents.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "openapi/openapi.h"
#include "openapi/page.h"
#include "request/worker.h"

/* Some 4 KB for a table: thousands of them. A model beyond it is served without its document. */
#define DOCUMENT_BYTES_MAX (64 << 20)

struct document {
    struct buf bytes;
    bool made;
};

struct documents {
    const struct model *model;
    pthread_mutex_t lock; /* guards the making; what is made stays as it is */
    unsigned count;
    struct document openapi[]; /* anonymous's, then one for each declared role */
};

static void make(const struct documents *documents, unsigned roles, struct document *document)
{
    buf_init(&document->bytes, DOCUMENT_BYTES_MAX);
    openapi_write(documents->model, roles, &document->bytes);
    if (document->bytes.failed) {
        log_event(LOG_WARN, "openapi.json left out", LOG_TEXT("why", SLICE("it has no room in memory")));
        buf_done(&document->bytes);
    }
    buf_trim(&document->bytes);
    document->made = true;
}

struct documents *documents_new(const struct model *model)
{
    unsigned count = model->config->auth.role_count + 1;
    struct documents *documents = mem_must(sizeof *documents + count * sizeof documents->openapi[0]);
    documents->model = model;
    documents->count = count;
    (void)pthread_mutex_init(&documents->lock, NULL);
    make(documents, ROLE_ANONYMOUS, &documents->openapi[0]); /* most ask for this one */
    return documents;
}

void documents_free(struct documents *documents)
{
    if (!documents)
        return;
    for (unsigned i = 0; i < documents->count; i++)
        buf_done(&documents->openapi[i].bytes);
    (void)pthread_mutex_destroy(&documents->lock);
    mem_free(documents);
}

/* Empty: there was no room for it. */
static struct slice document_of(struct documents *documents, const struct caller *caller)
{
    unsigned at = 0;
    while (caller->role != (unsigned)ROLE_ANONYMOUS << at)
        at++;
    POST(at < documents->count);
    struct document *document = &documents->openapi[at];
    (void)pthread_mutex_lock(&documents->lock);
    if (!document->made)
        make(documents, caller->roles, document);
    (void)pthread_mutex_unlock(&documents->lock);
    return buf_slice(&document->bytes);
}

static enum step answer(struct request *request, struct slice type, struct slice bytes)
{
    if (worker_answers_full(request->worker, bytes.len))
        return request_fail_full(request);
    request->answer.status = 200;
    request->answer.type = type;
    buf_init(&request->body, bytes.len);
    buf_add(&request->body, bytes);
    return request->body.failed ? request_fail_memory(request) : STEP_RESPOND;
}

static enum step answer_document(struct request *request)
{
    PRE(request->snapshot->documents != NULL);
    struct slice bytes = document_of(request->snapshot->documents, &request->principal.caller);
    if (!bytes.len)
        return request_fail(request, 503, SLICE("out-of-memory"),
                            SLICE("The document had no room in memory when it was made."));
    return answer(request, SLICE("application/json"), bytes);
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
