/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as messages of a replication stream, each with its length before it, as one connection tells them; and what they come to. */
#include "store/pg/heard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_change(void *context, const struct change *change)
{
    (void)context;
    PRE(change->kind == CHANGE_ALL || change->table.len > 0);
    PRE((change->kind == CHANGE_ROW) == (change->key.data != NULL));
}

static void settle(struct heard *heard, struct slice snapshot)
{
    static const struct listener_events to = {.on_change = on_change};
    struct buf sql;
    bool told;
    buf_init(&sql, 1 << 20);
    heard_ask(heard, &sql);
    heard_place(heard, &(struct heard_place){1, SLICE("public"), SLICE("t"), SLICE("id")});
    (void)!heard_settle(heard, snapshot, &to, &told);
    buf_done(&sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size);
    struct heard *heard = heard_new(SLICE("me"));
    enum error error = OK;
    while (!error && rest.len > 1) {
        struct pgoutput_envelope envelope;
        struct pgoutput message;
        size_t len = (uint8_t)rest.data[0];
        rest = slice_skip(rest, 1);
        struct slice bytes = slice_of(rest.data, len < rest.len ? len : rest.len);
        rest = slice_skip(rest, len);
        if (pgoutput_envelope_read(bytes, &envelope) == OK && envelope.keepalive)
            continue;
        error = pgoutput_read(bytes, &message);
        if (!error)
            error = heard_take(heard, &message);
        else
            settle(heard, bytes);
    }
    settle(heard, SLICE("4294967296:4294967296:"));
    heard_free(heard);
    return 0;
}
