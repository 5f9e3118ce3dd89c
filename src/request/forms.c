/* SPDX-License-Identifier: Apache-2.0 */
/* Tag, 304, coding. See forms.h. */
#include "request/forms.h"

#include "base/digest.h"
#include "cache/cache.h"
#include "request/worker.h"
#include "respond/coding.h"

/* Streams that are packed at the same time on one worker: each has some 260 KB. What is beyond goes as it is. */
enum { PACKERS_MAX = 64 };

enum { WHOLE = CODING_BIT(CODING_GZIP) | CODING_BIT(CODING_BROTLI), PIECES = CODING_BIT(CODING_GZIP) };

static unsigned bytes_min(const struct request *request)
{
    return request->snapshot->model->config->compress_bytes_min;
}

/* Of the status and type: whether an answer like this may be coded. A 206 is a part of what it is not said how to put together. */
static bool may_be_coded(const struct request *request)
{
    const struct answer *answer = &request->answer;
    bool bodiless = answer->status == 204 || answer->status == 304 || answer->status == 206;
    struct slice type = answer->type.len || answer->foreign ? answer->type : SLICE("application/json");
    return bytes_min(request) && !bodiless && !answer->caching.no_store && !answer->sealed &&
           answer->coding == CODING_IDENTITY && coding_is_worth(type);
}

/* --- the tag --- */

static bool is_tagged(const struct request *request)
{
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;
    bool ours = !request->answer.foreign || request->entry; /* what is kept is as good as ours */
    return reads && ours && request->answer.status == 200 && !request->answer.caching.no_store;
}

/* Whose answer may be another's, should others ask the same: shared caches know nothing of API keys. */
static bool is_known(const struct request *request)
{
    const struct http_head *head = request->head;
    return caller_is_known(&request->principal.caller) || http_head_get(head, HTTP_AUTHORIZATION).data ||
           http_head_get(head, HTTP_X_API_KEY).data;
}

static bool client_has(const struct request *request, struct slice etag)
{
    unsigned position = 0;
    struct slice value;
    while (etag.len && http_head_next(request->head, HTTP_IF_NONE_MATCH, &position, &value))
        if (caching_matches(value, etag))
            return true;
    return false;
}

struct slice forms_tag(struct request *request)
{
    char digest[33];
    digest_whole(request_body(request), digest);
    return caching_tag(&request->arena, request->version, digest);
}

/* As it is, and in the coding it is to have. */
struct etags {
    struct slice as_is, coded;
};

static struct etags make_tags(struct request *request, enum coding coding)
{
    struct slice kept = request->answer.caching.etag, as_is = kept.len ? kept : forms_tag(request);
    if (coding == CODING_IDENTITY)
        return (struct etags){as_is, as_is};
    return (struct etags){as_is, caching_tag_coded(&request->arena, as_is, coding)};
}

static void answer_unchanged(struct request *request)
{
    struct answer *answer = &request->answer;
    answer->status = 304;
    answer->coding = CODING_IDENTITY;
    buf_done(&request->body);
}

/* --- the coding --- */

static enum entry_form form_of(enum coding coding)
{
    PRE(coding == CODING_GZIP || coding == CODING_BROTLI);
    return coding == CODING_GZIP ? ENTRY_GZIP : ENTRY_BROTLI;
}

struct slice forms_kept(const struct entry *entry, enum coding coding)
{
    return entry_form(entry, form_of(coding));
}

struct packing {
    struct job job;
    struct request *request;
    struct compressor *compressor; /* the job's own */
    enum coding coding;
    struct slice etag_as_is;
    struct buf packed;
    bool done;
};

static void pack(struct packing *packing, struct compressor *compressor)
{
    const struct request *request = packing->request;
    packing->done = compress_whole(compressor, packing->coding, request->entry ? EFFORT_KEPT : EFFORT_ONCE,
                                   request_body(request), &packing->packed);
}

/* What is not worth it is noted as an empty form, so that nobody tries again. */
static bool keep_form(struct packing *packing)
{
    struct entry *entry = packing->request->entry;
    struct slice bytes = packing->done ? buf_slice(&packing->packed) : SLICE("");
    enum entry_form form = form_of(packing->coding);
    bool kept = cache_add_form(packing->request->worker->service->cache, entry, form, bytes);
    if (!kept)
        entry_unclaim_form(entry, form);
    return kept && packing->done;
}

static void take_packed(struct packing *packing)
{
    struct request *request = packing->request;
    if (request->entry)
        packing->done = keep_form(packing);
    if (!packing->done) {
        buf_done(&packing->packed);
        request->answer.caching.etag = packing->etag_as_is;
        return;
    }
    buf_done(request->entry ? &packing->packed : &request->body);
    if (!request->entry)
        request->body = packing->packed;
    request->answer.coding = packing->coding;
}

static void on_job(struct job *job)
{
    struct packing *packing = container_of(job, struct packing, job);
    struct compressor *compressor = compressor_new();
    pack(packing, compressor);
    compressor_free(compressor);
}

static void on_job_done(struct job *job)
{
    struct packing *packing = container_of(job, struct packing, job);
    struct request *request = packing->request;
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->job_out = false;
    take_packed(packing);
    request_resume(request, STEP_RESPOND);
}

static struct compressor *compressor_of(struct worker *worker)
{
    if (!worker->compressor)
        worker->compressor = compressor_new();
    return worker->compressor;
}

/* The form is there already, or is not to be had now: then the answer goes as it is. False: it is ours to make. */
static bool takes_kept(struct request *request, enum coding coding, struct slice etag_as_is)
{
    struct slice kept = forms_kept(request->entry, coding);
    if (!kept.data && entry_claim_form(request->entry, form_of(coding)))
        return false;
    if (kept.len)
        request->answer.coding = coding;
    else
        request->answer.caching.etag = etag_as_is;
    return true;
}

/* The pool has enough to do. */
static void give_up(struct packing *packing)
{
    struct request *request = packing->request;
    if (request->entry)
        entry_unclaim_form(request->entry, form_of(packing->coding));
    buf_done(&packing->packed);
    request->answer.caching.etag = packing->etag_as_is;
}

/* True: on the pool. */
static bool begin_packing(struct request *request, enum coding coding, struct slice etag_as_is)
{
    if (request->entry && takes_kept(request, coding, etag_as_is))
        return false;
    size_t bytes = request_body(request).len;
    struct packing *packing = ARENA_NEW(&request->arena, struct packing);
    *packing = (struct packing){.job = {.run = on_job, .on_done = on_job_done, .home = request->worker->loop},
                                .request = request,
                                .coding = coding,
                                .etag_as_is = etag_as_is};
    buf_init(&packing->packed, bytes);
    if (bytes > FORMS_INLINE_BYTES) {
        request->job_out = offload_submit(request->worker->service->offload, &packing->job) == OK;
        if (!request->job_out)
            give_up(packing);
        return request->job_out;
    }
    pack(packing, compressor_of(request->worker));
    take_packed(packing);
    return false;
}

/* --- in pieces --- */

void forms_begin_stream(struct request *request)
{
    struct answer *answer = &request->answer;
    struct worker *worker = request->worker;
    if (!may_be_coded(request))
        return;
    answer->caching.vary_encoding = true;
    if (coding_choose(request->head, PIECES).coding != CODING_GZIP || worker->packer_count == PACKERS_MAX)
        return;
    if (!answer->no_body) {
        request->packer = gzip_stream_new();
        if (!request->packer)
            return;
        worker->packer_count++;
    }
    answer->coding = CODING_GZIP;
    answer->framing = FRAMING_CHUNKED; /* it is not known how much it becomes */
}

void forms_done(struct request *request)
{
    if (request->packer)
        request->worker->packer_count--;
    gzip_stream_free(request->packer);
    request->packer = NULL;
}

/* --- whole --- */

/* What it is to be coded as; says Vary. */
static enum coding wished_coding(struct request *request)
{
    if (!may_be_coded(request))
        return CODING_IDENTITY;
    struct coding_wish wish = coding_choose(request->head, WHOLE);
    size_t bytes = request_body(request).len;
    bool large = bytes >= bytes_min(request);
    request->answer.caching.vary_encoding = large;
    return large || (wish.insists && bytes) ? wish.coding : CODING_IDENTITY;
}

/* True: the client has it, and is told so. */
static bool is_unchanged(struct request *request, const struct etags *tags)
{
    bool has_coded = client_has(request, tags->coded), has = has_coded || client_has(request, tags->as_is);
    request->answer.caching.etag = has && !has_coded ? tags->as_is : tags->coded;
    if (has)
        answer_unchanged(request);
    return has;
}

bool forms_begin(struct request *request)
{
    PRE(request->head != NULL && !problem_is(&request->problem));
    if (request->answer.framing != FRAMING_LENGTH) { /* HEAD of an export: its body was not read to the end */
        forms_begin_stream(request);
        return false;
    }
    enum coding coding = wished_coding(request);
    struct etags tags = {{0}, {0}};
    if (is_tagged(request)) {
        tags = make_tags(request, coding);
        if (!request->answer.caching.max_age_s)
            request->answer.caching.is_private |= is_known(request);
        if (is_unchanged(request, &tags))
            return false;
    }
    return coding != CODING_IDENTITY && begin_packing(request, coding, tags.as_is);
}
