/* SPDX-License-Identifier: Apache-2.0 */
/* The head, line by line.
 *
 *     START ──empty line──► REQUEST_LINE ──► FIELDS ──empty line──► END
 *       └────────request line───────────────►  ⟲ a field each
 *
 * A line is looked at when its LF has come; until then only its new bytes are searched for controls, so that what is not
 * HTTP is refused at once and not at the deadline. So that the verdict does not depend on how the bytes were cut, one
 * order of faults holds for both: a control byte within the room for the line, then the room, then what the line says.
 * It fails only by HTTP_FAULT. */
#include "http/head.h"

#include "http/chars.h"
#include "http/rules.h"

void http_head_init(struct http_head *head, struct http_field *fields, unsigned fields_max)
{
    PRE(head && fields);
    PRE(fields_max > 0 && fields_max <= UINT8_MAX);
    memset(head, 0, sizeof(*head));
    head->fields = fields;
    head->fields_max = fields_max;
}

/* How long this line may be, with its CR LF. */
static size_t line_room(const struct http_head *head, const struct http_limits *limits)
{
    size_t of_head = limits->head_bytes_max > head->line_at ? limits->head_bytes_max - head->line_at : 0;
    bool request_line = head->at != HTTP_AT_FIELDS;
    return request_line && limits->line_bytes_max < of_head ? limits->line_bytes_max : of_head;
}

static bool refuse_length(struct http_head *head)
{
    if (head->at == HTTP_AT_FIELDS)
        return http_refuse(head, 431, "the head of the request is too long");
    return http_refuse(head, 414, "the request line is too long");
}

/* Whether a byte may not stand where it is, in whatever line: a CR must precede an LF (what follows the last byte is not
 * known yet), an LF follow a CR. */
static bool is_stray(struct slice bytes, size_t i)
{
    char c = bytes.data[i];
    if (c == '\r')
        return i + 1 < bytes.len && bytes.data[i + 1] != '\n';
    if (c == '\n')
        return i == 0 || bytes.data[i - 1] != '\r';
    return !char_is(c, CHAR_VALUE);
}

/* False, with the fault, when there is a stray control byte. */
static bool check_controls(struct http_head *head, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (!is_stray(bytes, i))
            continue;
        if (bytes.data[i] == '\n')
            return http_refuse(head, 400, "a line feed without a carriage return before it");
        if (bytes.data[i] == '\r')
            return http_refuse(head, 400, "a carriage return without a line feed behind it");
        return http_refuse(head, 400, "a control byte in the head");
    }
    return true;
}

static struct slice cut_to(struct slice s, size_t len_max)
{
    return slice_of(s.data, s.len < len_max ? s.len : len_max);
}

/* A whole line was refused: settles which fault comes first. */
static enum http_got refuse_line(struct http_head *head, struct slice line, size_t room)
{
    if (check_controls(head, cut_to(line, room)) && line.len > room)
        refuse_length(head);
    POST(head->fault.status != 0);
    return HTTP_FAULT;
}

/* The line has no LF yet. */
static enum http_got look_ahead(struct http_head *head, struct slice line, size_t room)
{
    size_t seen = head->seen - head->line_at;
    if (!check_controls(head, slice_skip(cut_to(line, room), seen)))
        return HTTP_FAULT;
    if (line.len >= room) {
        refuse_length(head);
        return HTTP_FAULT;
    }
    bool half_an_end = line.len > 0 && line.data[line.len - 1] == '\r';
    head->seen = head->line_at + line.len - half_an_end;
    return HTTP_MORE;
}

static bool refuse_name(struct http_head *head, struct slice line, size_t name_len)
{
    bool blank = line.data[name_len] == ' ' || line.data[name_len] == '\t';
    if (name_len == 0 && blank)
        return http_refuse(head, 400,
                           "a header line that begins with a blank: folded lines are not accepted");
    if (blank)
        return http_refuse(head, 400, "a blank in or behind the name of a header");
    return http_refuse(head, 400, "a header needs a name, of letters, digits and -, and a colon");
}

/* Notes a known field; one that may come once only must be the first of its name. */
static bool note_known(struct http_head *head, enum http_known known)
{
    if (known == HTTP_UNKNOWN)
        return true;
    if (head->first[known] == 0)
        head->first[known] = (uint8_t)(head->field_count + 1);
    else if (http_field_is_single(known))
        return http_refuse(head, 400, "a header that may come only once came twice");
    return true;
}

/* name ":" blanks value blanks */
static bool take_field(struct http_head *head, struct slice line)
{
    size_t name_len = char_span(line, CHAR_TOKEN);
    if (name_len == 0 || name_len == line.len || line.data[name_len] != ':')
        return refuse_name(head, line, name_len);
    struct slice name = slice_of(line.data, name_len);
    struct slice value = slice_skip(line, name_len + 1);
    if (char_span(value, CHAR_VALUE) != value.len)
        return http_refuse(head, 400, "a control byte in a header");
    if (head->field_count == head->fields_max)
        return http_refuse(head, 431, "too many headers");
    enum http_known known = http_field_known(name);
    if (!note_known(head, known))
        return false;
    head->fields[head->field_count++] = (struct http_field){name, slice_trim(value), known};
    return true;
}

static bool take_line(struct http_head *head, const struct http_limits *limits, struct slice line)
{
    bool empty = line.len == 0;
    if (head->at == HTTP_AT_START && empty) {
        head->at = HTTP_AT_REQUEST_LINE; /* RFC 9112 section 2.2: one is forgiven */
        return true;
    }
    if (head->at != HTTP_AT_FIELDS) {
        bool taken = http_take_request_line(head, line);
        head->at = taken ? HTTP_AT_FIELDS : head->at;
        return taken;
    }
    if (!empty)
        return take_field(head, line);
    head->at = HTTP_AT_END;
    return http_apply_rules(head, limits);
}

enum http_got http_head_parse(struct http_head *head, const struct http_limits *limits, const char *data,
                              size_t len)
{
    PRE(head->at != HTTP_AT_END && head->fault.status == 0);
    PRE(data && len >= head->seen);
    if (head->base != data)
        http_head_rebase(head, data);
    while (head->at != HTTP_AT_END) {
        const char *start = data + head->line_at;
        size_t room = line_room(head, limits);
        const char *lf = memchr(data + head->seen, '\n', len - head->seen);
        if (!lf)
            return look_ahead(head, slice_of(start, len - head->line_at), room);
        struct slice line = slice_of(start, (size_t)(lf + 1 - start));
        bool whole = line.len >= 2 && lf[-1] == '\r' && line.len <= room;
        if (!whole || !take_line(head, limits, slice_of(start, line.len - 2)))
            return refuse_line(head, line, room);
        head->line_at = head->seen = head->line_at + line.len;
    }
    head->bytes = head->line_at;
    POST(head->bytes <= len);
    return HTTP_DONE;
}

static void move_slice(struct slice *s, const char *from, const char *to)
{
    if (s->data)
        s->data = to + ((uintptr_t)s->data - (uintptr_t)from);
}

void http_head_rebase(struct http_head *head, const char *data)
{
    PRE(data || head->seen == 0);
    struct slice *own[] = {&head->method_text, &head->target, &head->path, &head->query, &head->host};
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        move_slice(own[i], head->base, data);
    for (unsigned i = 0; i < head->field_count; i++) {
        move_slice(&head->fields[i].name, head->base, data);
        move_slice(&head->fields[i].value, head->base, data);
    }
    head->base = data;
}

bool http_head_next(const struct http_head *head, enum http_known known, unsigned *position,
                    struct slice *ret_value)
{
    PRE(known != HTTP_UNKNOWN && known < HTTP_KNOWN_COUNT);
    unsigned i = *position ? *position : head->first[known] - 1u; /* absent: beyond every count */
    for (; i < head->field_count; i++) {
        if (head->fields[i].known == known) {
            *ret_value = head->fields[i].value;
            *position = i + 1;
            return true;
        }
    }
    return false;
}

struct slice http_head_find(const struct http_head *head, struct slice name)
{
    PRE(name.len > 0);
    for (unsigned i = 0; i < head->field_count; i++) {
        if (slice_eq_nocase(head->fields[i].name, name))
            return head->fields[i].value;
    }
    return (struct slice){NULL, 0};
}
