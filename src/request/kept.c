/* SPDX-License-Identifier: Apache-2.0 */
/* A packed head is a struct packed, then its texts, one behind the other. It is read by the program that wrote it alone. */
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
