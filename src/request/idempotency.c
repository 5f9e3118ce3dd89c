/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a write that bears a key. See idempotency.h. What it keeps lies in the request's arena. */
#include "request/idempotency.h"

#include "request/audit.h"
#include "request/steps.h"
#include "request/unit.h"
#include "request/worker.h"

/* So often a worker's claims are followed by a sweep: each then deletes a few on average, more than it adds. */
#define CLAIMS_PER_SWEEP 32

/* --- BODY: which key, which request --- */

static enum error refuse_key(struct request *request, struct slice field)
{
    (void)request_fail(
        request, 400, SLICE("bad-idempotency-key"),
        SLICE("This `Idempotency-Key` is none: 1 to 255 visible ASCII characters, bare or in quotes."));
    request->problem.place = SLICE("Idempotency-Key");
    request->problem.value = arena_copy(&request->arena, field);
    return ERR_PROBLEM;
}

/* What makes it another request: all that decides what is written, or what the answer tells of it. */
static void digest_head(struct request *request, struct digest *digest)
{
    const struct http_head *head = request->head;
    unsigned position = 0;
    struct slice value;
    digest_begin(digest);
    digest_add_field(digest, head->method_text);
    digest_add_field(digest, head->target);
    digest_add_field(digest, http_head_get(head, HTTP_CONTENT_TYPE));
    digest_add_field(digest, request->route.schema);
    if (http_head_get(head, HTTP_IF_MATCH).data)
        digest_add_field(digest, http_head_get(head, HTTP_IF_MATCH));
    while (http_head_next(head, HTTP_PREFER, &position, &value))
        digest_add_field(digest, value);
}

/* A key is its caller's: another's is another key. */
static struct slice caller_name(struct request *request)
{
    static const char *const kinds[] = {[CREDENTIAL_NONE] = "anonymous",
                                        [CREDENTIAL_TOKEN] = "user",
                                        [CREDENTIAL_SESSION] = "user",
                                        [CREDENTIAL_KEY] = "key"};
    const struct principal *principal = &request->principal;
    struct slice name = principal->key_id.data ? principal->key_id : principal->caller.user;
    if (principal->credential == CREDENTIAL_NONE)
        return SLICE("anonymous");
    return arena_format(&request->arena, "%s:%zu:" SLICE_FMT ":" SLICE_FMT, kinds[principal->credential],
                        principal->caller.tenant.len, SLICE_ARG(principal->caller.tenant), SLICE_ARG(name));
}

enum error idempotency_read(struct request *request)
{
    PRE(request->head != NULL && !request->idempotency);
    const struct model *model = request->snapshot->model;
    struct slice field = http_head_get(request->head, HTTP_IDEMPOTENCY_KEY), key;
    if (!field.data || model->config->idempotency.keep_ms == 0)
        return OK;
    if (!idempotency_key_read(field, &request->arena, &key))
        return refuse_key(request, field);
    struct idempotency *idempotency = ARENA_NEW(&request->arena, struct idempotency);
    idempotency->entry = (struct idempotency_entry){.dialect = model->catalog->dialect,
                                                    .caller = caller_name(request),
                                                    .key = key,
                                                    .now = clock_wall(),
                                                    .keep_ms = model->config->idempotency.keep_ms};
    idempotency_place(&request->arena, model->config->idempotency.table.text, &idempotency->entry);
    digest_head(request, &idempotency->digest);
    request->idempotency = idempotency;
    return OK;
}

void idempotency_add(struct request *request, struct slice piece)
{
    if (request->idempotency)
        digest_add(&request->idempotency->digest, piece);
}

/* --- FETCH: statements of its own --- */

static bool ignore_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context;
    (void)cells;
    (void)count;
    return true;
}

static void say(struct request *request, struct statement statement)
{
    request->fetch.statement = statement;
    request->fetch.statement.own = true;
    request->fetch.sink = (struct row_sink){ignore_row, NULL};
}

static bool take_found(void *context, const struct slice *cells, unsigned count)
{
    struct request *request = context;
    PRE(count == KEPT_COUNT);
    for (unsigned i = 0; i < count; i++)
        if (cells[i].data)
            request->idempotency->found[i] = arena_copy(&request->arena, cells[i]);
    return true;
}

static enum verdict find(struct request *request)
{
    struct idempotency *idempotency = request->idempotency;
    idempotency->state = KEY_FIND;
    say(request, idempotency_find(&request->arena, &idempotency->entry));
    request->fetch.sink = (struct row_sink){take_found, request};
    return VERDICT_NEXT;
}

/* --- FETCH: the answer --- */

static struct slice answer_body(const struct request *request)
{
    return request->page.body.len ? buf_slice(&request->page.body) : buf_slice(&request->body);
}

/* What is there is told from what is not by its data. */
static struct slice present(struct slice text)
{
    return text.data ? text : SLICE("");
}

static enum verdict keep(struct request *request)
{
    struct idempotency *idempotency = request->idempotency;
    const struct answer *answer = &request->answer;
    struct slice body = answer_body(request);
    bool fits = body.len <= request->snapshot->model->config->idempotency.body_bytes;
    const struct slice kept[KEPT_COUNT] = {
        [KEPT_STATUS] = arena_format(&request->arena, "%u", answer->status),
        [KEPT_TYPE] = answer->type,
        [KEPT_LOCATION] = answer->location,
        [KEPT_RANGE] = answer->content_range,
        [KEPT_PREFERENCES] = answer->preference_applied,
        [KEPT_BODY] = fits ? present(body) : (struct slice){0},
    };
    idempotency->state = KEY_KEEP;
    say(request, idempotency_keep(&request->arena, &idempotency->entry, kept));
    return VERDICT_NEXT;
}

static enum verdict compose(struct request *request)
{
    return unit_compose(request) ? keep(request) : VERDICT_ROLLBACK;
}

static enum verdict begin_work(struct request *request)
{
    struct idempotency *idempotency = request->idempotency;
    idempotency->state = KEY_WORK;
    request->fetch.statement = idempotency->first;
    request->work->begin(request);
    return idempotency->first.text.len ? VERDICT_NEXT : compose(request);
}

static enum verdict work(struct request *request)
{
    enum verdict verdict = request->work->on_statement(request);
    return verdict == VERDICT_COMMIT ? compose(request) : verdict;
}

static enum verdict after_audit(struct request *request)
{
    struct idempotency *idempotency = request->idempotency;
    if (!idempotency->sweeps)
        return VERDICT_COMMIT;
    idempotency->state = KEY_SWEEP;
    say(request, idempotency_sweep(&request->arena, &idempotency->entry));
    return VERDICT_NEXT;
}

static enum verdict after_keep(struct request *request)
{
    if (!audit_is_due(request))
        return after_audit(request);
    request->idempotency->state = KEY_AUDIT;
    audit_say(request);
    return VERDICT_NEXT;
}

/* --- FETCH: another's answer --- */

static struct problem problem_unavailable(struct slice cause)
{
    return (struct problem){
        .status = 503,
        .code = SLICE("idempotency-unavailable"),
        .detail = SLICE("Keys of repeated requests cannot be remembered here; nothing was changed."),
        .hint = SLICE(
            "Whoever runs the service finds in its log what to do. Without `Idempotency-Key` it is written, "
            "each time it is asked for."),
        .place = SLICE("Idempotency-Key"),
        .cause = cause,
    };
}

static struct problem problem_reused(const struct request *request)
{
    return (struct problem){
        .status = 422,
        .code = SLICE("idempotency-key-reused"),
        .detail = SLICE("This `Idempotency-Key` was used for another request; nothing was changed."),
        .hint = SLICE("A key belongs to one request: the same method, target, preferences and body."),
        .place = SLICE("Idempotency-Key"),
        .value = request->idempotency->entry.key,
    };
}

static void replay(struct request *request, unsigned status)
{
    const struct slice *found = request->idempotency->found;
    struct answer *answer = &request->answer;
    answer->status = status;
    answer->type = found[KEPT_TYPE];
    answer->location = found[KEPT_LOCATION];
    answer->content_range = found[KEPT_RANGE];
    answer->preference_applied = found[KEPT_PREFERENCES];
    answer->replayed = true;
    answer->body_lost = !found[KEPT_BODY].data;
    page_done(&request->page);
    buf_init(&request->body, found[KEPT_BODY].len + 1);
    buf_add(&request->body, found[KEPT_BODY]);
    if (request->body.failed)
        (void)request_fail_memory(request);
}

/* Nothing of this transaction is needed any more. */
static enum verdict after_find(struct request *request)
{
    const struct idempotency *idempotency = request->idempotency;
    int64_t status = 0;
    if (!slice_to_int(present(idempotency->found[KEPT_STATUS]), &status) || status < 200 || status > 599)
        request->problem = problem_unavailable(SLICE("idempotency: a row of the table is none of Leat's"));
    else if (!slice_eq(idempotency->found[KEPT_FINGERPRINT], idempotency->entry.fingerprint))
        request->problem = problem_reused(request);
    else
        replay(request, (unsigned)status);
    request->fetch.problem = request->problem;
    return VERDICT_ROLLBACK;
}

/* --- FETCH: the way --- */

static enum verdict on_statement(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    struct idempotency *idempotency = request->idempotency;
    switch (idempotency->state) {
    case KEY_CLAIM:
        return fetch->changed ? begin_work(request) : find(request);
    case KEY_WORK:
        return work(request);
    case KEY_FIND:
        return after_find(request);
    case KEY_KEEP:
        return after_keep(request);
    case KEY_AUDIT:
        return after_audit(request);
    case KEY_SWEEP:
        return VERDICT_COMMIT;
    case KEY_MAKE:
        say(request, idempotency_make(&request->arena, &idempotency->entry, ++idempotency->making));
        return fetch->statement.text.len ? VERDICT_NEXT : VERDICT_COMMIT;
    }
    UNREACHABLE("seven states");
}

static void begin_unit(struct request *request, bool makes, struct statement statement)
{
    struct fetch *fetch = &request->fetch;
    *fetch = (struct fetch){.as = fetch->as,
                            .on_end = fetch->on_end,
                            .on_statement = on_statement,
                            .write = true,
                            .makes = makes,
                            .arena = &request->arena};
    say(request, statement);
}

static void claim(struct request *request)
{
    struct idempotency *idempotency = request->idempotency;
    idempotency->state = KEY_CLAIM;
    begin_unit(request, false, idempotency_claim(&request->arena, &idempotency->entry));
}

static void make(struct request *request)
{
    struct idempotency *idempotency = request->idempotency;
    idempotency->state = KEY_MAKE;
    idempotency->making = 0;
    idempotency->was_making = true;
    begin_unit(request, true, idempotency_make(&request->arena, &idempotency->entry, 0));
}

void idempotency_begin(struct request *request)
{
    struct idempotency *idempotency = request->idempotency;
    PRE(idempotency && request->work);
    idempotency->first = request->fetch.statement;
    idempotency->sweeps = request->worker->claims++ % CLAIMS_PER_SWEEP == 0;
    idempotency->entry.fingerprint =
        arena_format(&request->arena, "%016llx", (unsigned long long)digest_end(&idempotency->digest));
    claim(request);
}

/* The table's own fault, not the moment's. */
static bool is_refused(const struct problem *problem)
{
    return problem_is(problem) && problem->status != 503 && problem->status != 504 && problem->status != 409;
}

static void tell_unavailable(struct request *request)
{
    struct slice made = idempotency_make_text(&request->arena, &request->idempotency->entry);
    struct slice cause = request->fetch.problem.cause;
    request->fetch.problem = problem_unavailable(
        arena_format(&request->arena,
                     SLICE_FMT " (idempotency: the table is to be there, with the right to SELECT, INSERT, "
                               "UPDATE and DELETE: " SLICE_FMT ")",
                     SLICE_ARG(cause), SLICE_ARG(made)));
}

bool idempotency_goes_on(struct request *request)
{
    struct idempotency *idempotency = request->idempotency;
    const struct problem *problem = &request->fetch.problem;
    if (!idempotency || request->cancelled)
        return false;
    if (idempotency->state == KEY_MAKE && !problem_is(problem)) {
        claim(request);
        return true;
    }
    if (idempotency->state == KEY_CLAIM && !idempotency->was_making &&
        slice_eq(problem->pg_code, SLICE("42P01"))) {
        make(request);
        return true;
    }
    if ((idempotency->state == KEY_CLAIM || idempotency->state == KEY_MAKE) && is_refused(problem))
        tell_unavailable(request);
    return false;
}
