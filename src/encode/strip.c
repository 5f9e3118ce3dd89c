/* SPDX-License-Identifier: Apache-2.0 */
/* One pass, which writes what it keeps over what it has read: no stack is needed, for a null behind a `:` takes away what was
 * written since its name began, and of the commas around it the one goes that stands behind `{` or `,`, or before `}`.
 *
 *   {"a":1,"b":null,"c":2}   read to null, back to `{"a":1,`, `,` passed over, `"c":2}`
 *
 * What is no JSON comes out as something else that is none, within its own bytes. */
#include "encode/strip.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* How many bytes the string has that begins here. */
static size_t string_bytes(const char *text, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if (text[i] == '"')
            return i + 1;
        else if (text[i] == '\\')
            i++;
    return len;
}

/* How many bytes a null has with the white space before it; 0: it is something else. */
static size_t null_bytes(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && is_space(text[at]))
        at++;
    return len - at >= 4 && memcmp(text + at, "null", 4) == 0 ? at + 4 : 0;
}

size_t strip_nulls(char *text, size_t len)
{
    size_t to = 0, name = 0, taken;
    for (size_t at = 0; at < len; at += taken) {
        char byte = text[at], before = to > 0 ? text[to - 1] : '\0';
        size_t null = byte == ':' ? null_bytes(text + at + 1, len - at - 1) : 0;
        taken = byte == '"' ? string_bytes(text + at, len - at) : 1 + null;
        if (byte == '"')
            name = to;
        if (null > 0)
            to = name;
        if (null > 0 || is_space(byte) || (byte == ',' && (before == '{' || before == ',')))
            continue;
        if (byte == '}' && before == ',')
            to--;
        memmove(text + to, text + at, taken);
        to += taken;
    }
    POST(to <= len);
    return to;
}
