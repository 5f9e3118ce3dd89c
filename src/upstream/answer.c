/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the head of an answer: answer.h says what is refused. The lines are gathered, and looked at when the empty one has come:
 * then they lie still. */
#include "upstream/answer.h"

#include "http/chars.h"

void answer_begin(struct answer_reader *reader)
{
    buf_done(&reader->text);
    buf_init(&reader->text, ANSWER_HEAD_BYTES_MAX);
    reader->bytes = 0;
    reader->whole = false;
    reader->refuse = NULL;
    reader->answer = (struct upstream_answer){.fields = reader->fields};
}

void answer_done(struct answer_reader *reader)
{
    buf_done(&reader->text);
}

static bool refuse(struct answer_reader *reader, const char *why)
{
    reader->refuse = why;
    return false;
}

/* "HTTP/1.1 200 OK" */
static bool take_status(struct answer_reader *reader, struct slice line)
{
    struct slice rest = line, version = slice_cut(&rest, ' '), code = slice_cut(&rest, ' ');
    int64_t status;
    bool known = slice_eq(version, SLICE("HTTP/1.1")) || slice_eq(version, SLICE("HTTP/1.0"));
    if (!known || code.len != 3 || !slice_to_int(code, &status) || status < 100 || status > 599)
        return refuse(reader, "its answer's first line is not HTTP/1");
    if (status == 101)
        return refuse(reader, "it changes protocols, which nobody asked for");
    reader->answer.status = (unsigned)status;
    return true;
}

static bool take_field(struct answer_reader *reader, struct slice line)
{
    struct slice value = line, name = slice_cut(&value, ':');
    struct upstream_answer *answer = &reader->answer;
    value = slice_trim(value);
    if (!value.data || !char_all(name, CHAR_TOKEN))
        return refuse(reader, "a line of its head is no field");
    if (char_span(value, CHAR_VALUE) < value.len)
        return refuse(reader, "a field of its head has control characters");
    if (answer->field_count == HTTP_FIELDS_MAX)
        return refuse(reader, "its head has too many fields");
    reader->fields[answer->field_count++] =
        (struct http_field){.name = name, .value = value, .known = http_field_known(name)};
    return true;
}

/* Digits alone: neither a sign nor a list. */
static bool take_length(struct answer_reader *reader, struct slice value)
{
    struct upstream_answer *answer = &reader->answer;
    int64_t length;
    bool digits = value.len && value.data[0] >= '0' && value.data[0] <= '9';
    if (!digits || !slice_to_int(value, &length) ||
        (answer->has_length && answer->length != (uint64_t)length))
        return refuse(reader, "its Content-Length is none, or one contradicts another");
    answer->has_length = true;
    answer->length = (uint64_t)length;
    return true;
}

/* How the body is framed must be said in one way (RFC 9112 section 6.3). */
static bool check_framing(struct answer_reader *reader)
{
    unsigned codings = 0;
    for (unsigned i = 0; i < reader->answer.field_count; i++) {
        const struct http_field *field = &reader->fields[i];
        if (field->known == HTTP_CONTENT_LENGTH && !take_length(reader, field->value))
            return false;
        if (field->known != HTTP_TRANSFER_ENCODING)
            continue;
        if (codings++ || !slice_eq_nocase(field->value, SLICE("chunked")))
            return refuse(reader, "its Transfer-Encoding is not `chunked`");
    }
    if (codings && reader->answer.has_length)
        return refuse(reader, "it has both Content-Length and Transfer-Encoding");
    return true;
}

static struct slice without_end(struct slice line)
{
    line.len -= slice_ends(line, SLICE("\n"));
    line.len -= slice_ends(line, SLICE("\r"));
    return line;
}

/* The empty line has come. */
static bool take_head(struct answer_reader *reader)
{
    struct slice rest = buf_slice(&reader->text), first = without_end(slice_cut(&rest, '\n'));
    if (!take_status(reader, first))
        return false;
    while (rest.len)
        if (!take_field(reader, without_end(slice_cut(&rest, '\n'))))
            return false;
    return check_framing(reader);
}

bool answer_line(struct answer_reader *reader, struct slice line)
{
    if (reader->whole)
        return true;
    reader->bytes += line.len;
    bool empty = without_end(line).len == 0;
    if (!empty)
        buf_add(&reader->text, line);
    if (reader->text.failed || reader->bytes > ANSWER_HEAD_BYTES_MAX)
        return refuse(reader, "its head is too large");
    if (!empty)
        return true;
    if (!take_head(reader))
        return false;
    reader->whole = reader->answer.status >= 200;
    if (reader->whole)
        return true;
    buf_clear(&reader->text);
    reader->answer = (struct upstream_answer){.fields = reader->fields};
    return true;
}
