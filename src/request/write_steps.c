/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN of a write. It is not built yet: the records are read, so that what is wrong with them is told, and counted; nothing is
 * written, and the answer says so. */
#include "request/write_steps.h"

#include "request/records.h"

static enum error count(void *context, const struct record *record)
{
    *(uint64_t *)context = record->number;
    return OK;
}

static enum error read_records(struct request *request, uint64_t *records)
{
    struct decode_sink sink = {count, records};
    bool ended = request->method == HTTP_DELETE; /* it has none */
    enum error error = records_begin(request, &sink);
    while (error == OK && !ended)
        error = records_more(request, &ended);
    records_end(request);
    return error;
}

enum step write_plan(struct request *request)
{
    PRE(request->route.write);
    uint64_t records = 0;
    enum error error = read_records(request, &records);
    if (error == ERR_MEMORY)
        return request_fail_memory(request);
    if (error != OK)
        return STEP_RESPOND;
    return request_fail(request, 501, SLICE("not-built"),
                        arena_format(&request->arena,
                                     "Writes are not built yet: %llu records were read, none written.",
                                     (unsigned long long)records));
}
