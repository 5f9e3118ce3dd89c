/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of bytes that remembers that it ran out of them, and a function per message. See pgoutput.h. The lengths in them are only
 * ever compared with what is there: nothing is allocated, nothing is copied. */
#include "store/pg/pgoutput.h"

#include <endian.h>
#include <string.h>

/* ---- bytes ---- */

/* The next n bytes; data NULL: there are not so many, nor will be any. */
static struct slice take(struct slice *rest, size_t n)
{
    struct slice taken = {NULL, 0};
    if (rest->data && n <= rest->len) {
        taken = slice_of(rest->data, n);
        *rest = slice_skip(*rest, n);
    } else {
        *rest = (struct slice){NULL, 0};
    }
    return taken;
}

static uint64_t take_number(struct slice *rest, unsigned bytes)
{
    uint64_t number = 0;
    PRE(bytes <= sizeof number);
    struct slice taken = take(rest, bytes);
    for (size_t i = 0; i < taken.len; i++)
        number = number << 8 | (uint8_t)taken.data[i];
    return number;
}

static struct slice take_string(struct slice *rest)
{
    const char *end = rest->data ? memchr(rest->data, 0, rest->len) : NULL;
    struct slice taken = take(rest, end ? (size_t)(end - rest->data) : SIZE_MAX);
    (void)take(rest, 1);
    return taken;
}

/* ---- parts ---- */

static struct slice take_value(struct slice *rest)
{
    uint64_t kind = take_number(rest, 1);
    if (kind == 't' || kind == 'b')
        return take(rest, (size_t)take_number(rest, 4));
    if (kind != 'n' && kind != 'u')
        *rest = (struct slice){NULL, 0};
    return (struct slice){NULL, 0};
}

struct slice pgoutput_next_value(struct slice *items)
{
    return take_value(items);
}

static struct pgoutput_column take_column(struct slice *rest)
{
    struct pgoutput_column column = {.is_key = take_number(rest, 1) & 1};
    column.name = take_string(rest);
    (void)take(rest, 4 + 4); /* type and its modifier */
    return column;
}

struct pgoutput_column pgoutput_next_column(struct slice *items)
{
    return take_column(items);
}

uint32_t pgoutput_next_relation(struct slice *items)
{
    return (uint32_t)take_number(items, 4);
}

static void take_row(struct slice *rest, struct pgoutput *message)
{
    message->count = (unsigned)take_number(rest, 2);
    message->items = *rest;
    for (unsigned i = 0; i < message->count && rest->data; i++)
        (void)take_value(rest);
}

/* ---- messages ---- */

static void read_begin(struct slice *rest, struct pgoutput *message)
{
    message->kind = PGOUTPUT_BEGIN;
    (void)take(rest, 8 + 8); /* where it ends, when */
    message->xid = (uint32_t)take_number(rest, 4);
}

static void read_commit(struct slice *rest, struct pgoutput *message)
{
    message->kind = PGOUTPUT_COMMIT;
    (void)take(rest, 1 + 8 + 8 + 8); /* flags, where it stands, where it ends, when */
}

static void read_relation(struct slice *rest, struct pgoutput *message)
{
    message->kind = PGOUTPUT_RELATION;
    message->relation = (uint32_t)take_number(rest, 4);
    message->schema = take_string(rest);
    message->table = take_string(rest);
    (void)take(rest, 1); /* what its identity is: the columns say it, too */
    message->count = (unsigned)take_number(rest, 2);
    message->items = *rest;
    for (unsigned i = 0; i < message->count && rest->data; i++)
        (void)take_column(rest);
}

static void read_change(char letter, struct slice *rest, struct pgoutput *message)
{
    message->kind = letter == 'I' ? PGOUTPUT_INSERT : letter == 'U' ? PGOUTPUT_UPDATE : PGOUTPUT_DELETE;
    message->relation = (uint32_t)take_number(rest, 4);
    uint64_t row = take_number(rest, 1);
    bool is_old = row == 'K' || row == 'O';
    if (is_old && letter == 'U') {
        message->has_old = true;
        take_row(rest, message);
        row = take_number(rest, 1);
        is_old = false;
    }
    take_row(rest, message);
    if (letter == 'D' ? !is_old : row != 'N')
        *rest = (struct slice){NULL, 0};
}

static void read_truncate(struct slice *rest, struct pgoutput *message)
{
    message->kind = PGOUTPUT_TRUNCATE;
    message->count = (unsigned)take_number(rest, 4);
    (void)take(rest, 1); /* cascade, restart identity */
    message->items = *rest;
    (void)take(rest, (size_t)message->count * 4);
}

static void read_message(struct slice *rest, struct pgoutput *message)
{
    message->kind = PGOUTPUT_MESSAGE;
    message->transactional = take_number(rest, 1) & 1;
    (void)take(rest, 8); /* where it stands */
    message->prefix = take_string(rest);
    message->content = take(rest, (size_t)take_number(rest, 4));
}

static void read_other(char letter, struct slice *rest, struct pgoutput *message)
{
    message->kind = PGOUTPUT_OTHER;
    (void)take(rest, letter == 'O' ? 8 : 4);
    (void)take_string(rest);
    if (letter == 'Y')
        (void)take_string(rest);
}

enum error pgoutput_read(struct slice bytes, struct pgoutput *ret_message)
{
    struct slice rest = bytes;
    struct pgoutput message = {0};
    char letter = (char)take_number(&rest, 1);
    switch (letter) {
    case 'B':
        read_begin(&rest, &message);
        break;
    case 'C':
        read_commit(&rest, &message);
        break;
    case 'R':
        read_relation(&rest, &message);
        break;
    case 'I':
    case 'U':
    case 'D':
        read_change(letter, &rest, &message);
        break;
    case 'T':
        read_truncate(&rest, &message);
        break;
    case 'M':
        read_message(&rest, &message);
        break;
    case 'O':
    case 'Y':
        read_other(letter, &rest, &message);
        break;
    default:
        return ERR_INVALID;
    }
    if (!rest.data || rest.len)
        return ERR_INVALID;
    *ret_message = message;
    return OK;
}

/* ---- the stream ---- */

enum error pgoutput_envelope_read(struct slice bytes, struct pgoutput_envelope *ret_envelope)
{
    struct slice rest = bytes;
    struct pgoutput_envelope envelope = {0};
    uint64_t letter = take_number(&rest, 1);
    if (letter == 'w') {
        (void)take(&rest, 8 + 8 + 8); /* where it stands, where the log ends, when */
        envelope.payload = rest;
        rest = rest.data ? slice_skip(rest, rest.len) : rest;
    } else if (letter == 'k') {
        envelope.keepalive = true;
        envelope.position = take_number(&rest, 8);
        (void)take(&rest, 8);
        envelope.wants_reply = take_number(&rest, 1) & 1;
    } else {
        return ERR_INVALID;
    }
    if (!rest.data || rest.len)
        return ERR_INVALID;
    *ret_envelope = envelope;
    return OK;
}

/* Written, flushed, applied are one to us. The time is looked at by nobody but people: it is left out. */
void pgoutput_write_status(char ret_bytes[PGOUTPUT_STATUS_BYTES], uint64_t position, bool wants_reply)
{
    uint64_t number = htobe64(position);
    memset(ret_bytes, 0, PGOUTPUT_STATUS_BYTES);
    ret_bytes[0] = 'r';
    for (unsigned i = 0; i < 3; i++)
        memcpy(ret_bytes + 1 + 8 * i, &number, sizeof number);
    ret_bytes[PGOUTPUT_STATUS_BYTES - 1] = wants_reply;
}
