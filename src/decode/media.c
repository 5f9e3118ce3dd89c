/* SPDX-License-Identifier: Apache-2.0 */
/* Which format a Content-Type names (RFC 9110 section 8.3). Parameters are passed over, but for a charset: it must be UTF-8. */
#include "decode/decode.h"

static const struct {
    struct slice type;
    enum body_format format;
} types[] = {
    {SLICE_INIT("application/json"), BODY_JSON},
    {SLICE_INIT("application/x-ndjson"), BODY_NDJSON},
    {SLICE_INIT("application/ndjson"), BODY_NDJSON},
    {SLICE_INIT("application/jsonl"), BODY_NDJSON},
    {SLICE_INIT("text/csv"), BODY_CSV},
    {SLICE_INIT("application/x-www-form-urlencoded"), BODY_FORM},
};

static struct slice unquoted(struct slice value)
{
    bool quoted = value.len >= 2 && slice_starts(value, SLICE("\"")) && slice_ends(value, SLICE("\""));
    return quoted ? slice_of(value.data + 1, value.len - 2) : value;
}

static bool charset_is_utf8(struct slice parameters)
{
    while (parameters.data) {
        struct slice value = slice_cut(&parameters, ';'), name = slice_trim(slice_cut(&value, '='));
        if (!slice_eq_nocase(name, SLICE("charset")))
            continue;
        value = unquoted(slice_trim(value));
        if (!slice_eq_nocase(value, SLICE("utf-8")) && !slice_eq_nocase(value, SLICE("utf8")))
            return false;
    }
    return true;
}

bool body_format_of(struct slice content_type, enum body_format *ret_format)
{
    struct slice parameters = content_type, type = slice_trim(slice_cut(&parameters, ';'));
    if (!charset_is_utf8(parameters))
        return false;
    if (content_type.len == 0) {
        *ret_format = BODY_JSON;
        return true;
    }
    for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
        if (slice_eq_nocase(type, types[i].type)) {
            *ret_format = types[i].format;
            return true;
        }
    }
    return false;
}
