/* SPDX-License-Identifier: Apache-2.0 */
/* `${NAME}` and `${NAME:-default}` within a value. The value replaces the mark after YAML was parsed, so nothing in the
 * environment can change the file's structure. As in a shell `:-` stands in for an unset and for an empty variable.
 *
 * Failure: a mark that does not end, a name that cannot be one, a variable that is not set and has no default, a result that
 * is too long or not UTF-8: each a complaint. Reads the environment: before threads are started, or while nobody sets it. */
#include <stdlib.h>

#include "base/buf.h"
#include "config/node.h"

enum { EXPANDED_BYTES_MAX = 64 * 1024, NAME_BYTES_MAX = 100 };

static bool name_is_good(struct slice name)
{
    if (name.len == 0 || name.len > NAME_BYTES_MAX || (name.data[0] >= '0' && name.data[0] <= '9'))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

/* `mark` is what stands between the braces. */
static enum error expand_mark(struct slice mark, struct place at, struct complaints *complaints,
                              struct buf *out)
{
    size_t colon = slice_find(mark, ':');
    struct slice name = slice_of(mark.data, colon), fallback = slice_skip(mark, colon);
    bool has_fallback = slice_starts(fallback, SLICE(":-"));
    if (!name_is_good(name) || (fallback.len && !has_fallback)) {
        complain(complaints, at, "`${" SLICE_FMT "}`: write ${NAME} or ${NAME:-default}", SLICE_ARG(mark));
        return ERR_INVALID;
    }
    char name_text[NAME_BYTES_MAX + 1] = {0};
    memcpy(name_text, name.data, name.len);
    const char *value = getenv(name_text);
    if (value && (*value || !has_fallback)) {
        buf_add(out, slice_str(value));
    } else if (has_fallback) {
        buf_add(out, slice_skip(fallback, 2));
    } else {
        complain(complaints, at, "the environment has no %s: set it, or write a default: ${%s:-…}", name_text,
                 name_text);
        return ERR_ABSENT;
    }
    return OK;
}

static enum error expand_into(struct slice text, struct place at, struct complaints *complaints,
                              struct buf *out)
{
    while (text.len) {
        if (slice_starts(text, SLICE("$${"))) {
            buf_lit(out, "${");
            text = slice_skip(text, 3);
        } else if (slice_starts(text, SLICE("${"))) {
            struct slice mark = slice_skip(text, 2);
            size_t end = slice_find(mark, '}');
            if (end == mark.len) {
                complain(complaints, at, "`${` without its `}`: write ${NAME} or ${NAME:-default}");
                return ERR_INVALID;
            }
            enum error error = expand_mark(slice_of(mark.data, end), at, complaints, out);
            if (error)
                return error;
            text = slice_skip(mark, end + 1);
        } else {
            buf_byte(out, text.data[0]);
            text = slice_skip(text, 1);
        }
    }
    return OK;
}

enum error expand_text(struct arena *arena, struct slice text, struct place at, struct complaints *complaints,
                       struct slice *ret_text)
{
    PRE(text.data || text.len == 0);
    struct buf out;
    buf_init(&out, EXPANDED_BYTES_MAX);
    enum error error = expand_into(text, at, complaints, &out);
    if (!error && out.no_memory) {
        complain(complaints, at, "there is no memory for this value");
        error = ERR_MEMORY;
    } else if (!error && out.failed) {
        complain(complaints, at, "a value is longer than %d bytes", EXPANDED_BYTES_MAX);
        error = ERR_LIMIT;
    } else if (!error && (!slice_is_utf8(buf_slice(&out)) || memchr(out.data ? out.data : "", 0, out.len))) {
        complain(complaints, at, "a value from the environment is not UTF-8 text");
        error = ERR_INVALID;
    }
    if (!error)
        *ret_text = arena_copy(arena, buf_slice(&out));
    buf_done(&out);
    return error;
}
