/* SPDX-License-Identifier: Apache-2.0 */
/* A packed head is a struct packed, then its texts, one behind the other. It is read by the program that wrote it, or by
 * one of the same layout. */
#include "request/kept.h"

#include "base/buf.h"

enum { TYPE, CONTENT_RANGE, LINK, PREFERENCE_APPLIED, CONTENT_PROFILE, FIELDS, TEXTS };
enum { HEAD_BYTES_MAX = 64 * 1024 };

struct packed {
    uint32_t lengths[TEXTS];
    unsigned page_size_used, retry_after_s;
    bool foreign, sealed;
    struct caching caching; /* without its slices */
};

/* Of an entry as bytes; its head, tag, question and body follow. */
struct sent {
    int64_t ttl_ms, grace_ms, errors_ms;
    uint32_t cost_us, head_len, etag_len, asked_len;
    uint16_t status;
};

static struct slice *text_of(struct answer *answer, unsigned which)
{
    struct slice *const texts[TEXTS] = {
        [TYPE] = &answer->type,
        [CONTENT_RANGE] = &answer->content_range,
        [LINK] = &answer->link,
        [PREFERENCE_APPLIED] = &answer->preference_applied,
        [CONTENT_PROFILE] = &answer->content_profile,
        [FIELDS] = &answer->fields,
    };
    PRE(which < TEXTS);
    return texts[which];
}

struct entry *kept_pack(const struct answer *answer, struct slice body, struct entry_parts *parts)
{
    struct answer source = *answer;
    struct packed packed = {.page_size_used = answer->page_size_used,
                            .retry_after_s = answer->retry_after_s,
                            .foreign = answer->foreign,
                            .sealed = answer->sealed,
                            .caching = answer->caching};
    packed.caching.etag = (struct slice){0};
    packed.caching.tags = NULL;
    packed.caching.tag_count = 0;
    for (unsigned i = 0; i < TEXTS; i++)
        packed.lengths[i] = (uint32_t)text_of(&source, i)->len;
    struct buf head;
    buf_init(&head, HEAD_BYTES_MAX);
    buf_append(&head, (const char *)&packed, sizeof packed);
    for (unsigned i = 0; i < TEXTS; i++)
        buf_add(&head, *text_of(&source, i));
    parts->status = (uint16_t)answer->status;
    parts->head = buf_slice(&head);
    parts->body = body;
    parts->etag = answer->caching.etag;
    struct entry *entry = head.failed ? NULL : entry_new(parts);
    buf_done(&head);
    return entry;
}

void kept_unpack(const struct entry *entry, struct answer *answer)
{
    struct slice rest = entry_head(entry);
    struct packed packed;
    PRE(entry->kind == ENTRY_ANSWER && rest.len >= sizeof packed);
    memcpy(&packed, rest.data, sizeof packed);
    rest = slice_skip(rest, sizeof packed);
    for (unsigned i = 0; i < TEXTS; i++) {
        *text_of(answer, i) = slice_of(rest.data, packed.lengths[i]);
        rest = slice_skip(rest, packed.lengths[i]);
    }
    answer->status = entry->status;
    answer->page_size_used = packed.page_size_used;
    answer->retry_after_s = packed.retry_after_s;
    answer->foreign = packed.foreign;
    answer->sealed = packed.sealed;
    answer->caching = packed.caching;
    answer->caching.etag = entry_etag(entry);
    POST(rest.len == 0);
}

/* --- as bytes --- */

static int64_t ms_between(struct mono later, struct mono earlier)
{
    return mono_diff_us(later, earlier) / 1000;
}

void kept_write(const struct entry *entry, struct buf *out)
{
    PRE(entry->kind == ENTRY_ANSWER);
    struct sent sent;
    memset(&sent, 0, sizeof sent); /* its gaps, too */
    sent.ttl_ms = ms_between(entry->fresh_until, entry->stored);
    sent.grace_ms = ms_between(entry->grace_until, entry->fresh_until);
    sent.errors_ms = ms_between(entry->error_until, entry->grace_until);
    sent.cost_us = entry->cost_us;
    sent.head_len = entry->head_len;
    sent.etag_len = entry->etag_len;
    sent.asked_len = entry->asked_len;
    sent.status = entry->status;
    buf_append(out, (const char *)&sent, sizeof sent);
    buf_add(out, entry_head(entry));
    buf_add(out, entry_etag(entry));
    buf_add(out, entry_asked(entry));
    buf_add(out, entry_body(entry));
}

static struct slice take(struct slice *rest, size_t len)
{
    struct slice taken = slice_of(rest->data, len);
    *rest = slice_skip(*rest, len);
    return taken;
}

/* Whether kept_unpack can take it apart. */
static bool is_head(struct slice head)
{
    struct packed packed;
    uint64_t len = sizeof packed;
    if (head.len < sizeof packed)
        return false;
    memcpy(&packed, head.data, sizeof packed);
    for (unsigned i = 0; i < TEXTS; i++)
        len += packed.lengths[i];
    return len == head.len;
}

bool kept_read(struct slice bytes, struct mono now, int64_t left_ms, struct entry_parts *ret_parts)
{
    struct sent sent;
    if (bytes.len < sizeof sent)
        return false;
    memcpy(&sent, bytes.data, sizeof sent);
    struct slice rest = slice_skip(bytes, sizeof sent);
    uint64_t before_body = (uint64_t)sent.head_len + sent.etag_len + sent.asked_len;
    if (before_body > rest.len || sent.etag_len > UINT8_MAX || sent.ttl_ms <= 0 || sent.grace_ms < 0 ||
        sent.errors_ms < 0)
        return false;
    if (left_ms > sent.ttl_ms)
        left_ms = sent.ttl_ms;
    struct entry_parts parts = {.kind = ENTRY_ANSWER, .status = sent.status, .cost_us = sent.cost_us};
    parts.head = take(&rest, sent.head_len);
    parts.etag = take(&rest, sent.etag_len);
    parts.asked = take(&rest, sent.asked_len);
    parts.body = rest;
    parts.fresh_until = mono_after_ms(now, left_ms);
    parts.stored = mono_after_ms(parts.fresh_until, -sent.ttl_ms);
    parts.grace_until = mono_after_ms(parts.fresh_until, sent.grace_ms);
    parts.error_until = mono_after_ms(parts.grace_until, sent.errors_ms);
    *ret_parts = parts;
    return is_head(parts.head);
}

uint64_t kept_layout(void)
{
    static const uint16_t order = 1; /* of the bytes of a number */
    unsigned char first;
    memcpy(&first, &order, 1);
    return (uint64_t)sizeof(struct packed) << 32 | sizeof(struct sent) << 8 | first;
}
