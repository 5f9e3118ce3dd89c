/* SPDX-License-Identifier: Apache-2.0 */
/* hiredis' reader, told to make replies of ours. See reply.h. Each reply is one allocation with its text or its places behind it;
 * a child is hung into its parent as soon as it is made, so that freeing the root frees what is half built. */
#include "redis/reply.h"

#include <hiredis/hiredis.h>

#include "base/mem.h"

struct redis_reader {
    redisReader *inner;
    size_t bytes_max, bytes; /* of the reply being read */
    bool too_large;
    struct redis_reply *last; /* handed out */
};

static struct redis_reply *make(const redisReadTask *task, enum redis_kind kind, size_t more_bytes)
{
    struct redis_reader *reader = task->privdata;
    if (more_bytes > reader->bytes_max || reader->bytes + more_bytes > reader->bytes_max) {
        reader->too_large = true;
        return NULL;
    }
    struct redis_reply *reply = mem_try(sizeof *reply + more_bytes);
    if (reply == NULL)
        return NULL;
    reader->bytes += sizeof *reply + more_bytes;
    reply->kind = kind;
    if (task->parent != NULL) {
        struct redis_reply *parent = task->parent->obj;
        PRE(parent->kind == REDIS_ARRAY && (unsigned)task->idx < parent->count);
        parent->items[task->idx] = reply;
    }
    return reply;
}

static void *make_text(const redisReadTask *task, char *text, size_t len)
{
    enum redis_kind kind = task->type == REDIS_REPLY_ERROR    ? REDIS_ERROR
                           : task->type == REDIS_REPLY_STATUS ? REDIS_STATUS
                                                              : REDIS_TEXT;
    struct redis_reply *reply = make(task, kind, len + 1);
    if (reply == NULL)
        return NULL;
    char *to = (char *)(reply + 1);
    memcpy(to, text, len); /* its NUL is there: memory comes zeroed */
    reply->text = slice_of(to, len);
    return reply;
}

static void *make_array(const redisReadTask *task, int count)
{
    PRE(count >= 0);
    struct redis_reply *reply = make(task, REDIS_ARRAY, (size_t)count * sizeof(struct redis_reply *));
    if (reply == NULL)
        return NULL;
    reply->count = (unsigned)count;
    reply->items = (struct redis_reply **)(reply + 1);
    return reply;
}

static void *make_integer(const redisReadTask *task, long long value)
{
    struct redis_reply *reply = make(task, REDIS_INTEGER, 0);
    if (reply != NULL)
        reply->integer = value;
    return reply;
}

static void *make_nil(const redisReadTask *task)
{
    return make(task, REDIS_NIL, 0);
}

/* As deep as the reader goes: 8. */
static void free_reply(void *object)
{
    struct redis_reply *reply = object;
    if (reply == NULL)
        return;
    for (unsigned i = 0; i < reply->count; i++)
        free_reply(reply->items[i]);
    mem_free(reply);
}

static const redisReplyObjectFunctions makers = {
    .createString = make_text,
    .createArray = make_array,
    .createInteger = make_integer,
    .createNil = make_nil,
    .freeObject = free_reply,
};

struct redis_reader *redis_reader_new(size_t bytes_max)
{
    struct redis_reader *reader = mem_must(sizeof *reader);
    /* It takes them as changeable and changes nothing. */
    reader->inner = redisReaderCreateWithFunctions((redisReplyObjectFunctions *)(uintptr_t)&makers);
    POST(reader->inner != NULL); /* a few hundred bytes */
    reader->inner->privdata = reader;
    reader->bytes_max = bytes_max;
    return reader;
}

void redis_reader_free(struct redis_reader *reader)
{
    if (reader == NULL)
        return;
    free_reply(reader->last);
    redisReaderFree(reader->inner);
    mem_free(reader);
}

static enum error fault_of(const struct redis_reader *reader)
{
    if (reader->too_large)
        return ERR_LIMIT;
    return reader->inner->err == REDIS_ERR_OOM ? ERR_MEMORY : ERR_INVALID;
}

enum error redis_reader_feed(struct redis_reader *reader, struct slice bytes)
{
    PRE(bytes.len <= REDIS_FEED_BYTES_MAX);
    if (redisReaderFeed(reader->inner, bytes.data, bytes.len) != REDIS_OK)
        return fault_of(reader);
    return OK;
}

enum error redis_reader_next(struct redis_reader *reader, const struct redis_reply **ret_reply)
{
    void *reply = NULL;
    free_reply(reader->last);
    reader->last = NULL;
    if (redisReaderGetReply(reader->inner, &reply) != REDIS_OK)
        return fault_of(reader);
    if (reply != NULL) {
        reader->bytes = 0;
    } else if (reader->bytes + (reader->inner->len - reader->inner->pos) > reader->bytes_max) {
        reader->too_large = true;
        return ERR_LIMIT;
    }
    *ret_reply = reader->last = reply;
    return OK;
}

const char *redis_reader_why(const struct redis_reader *reader)
{
    return reader->too_large ? "a reply is too large" : reader->inner->errstr;
}

bool redis_reply_is_error(const struct redis_reply *reply, const char *word)
{
    size_t len = strlen(word);
    return reply != NULL && reply->kind == REDIS_ERROR && slice_starts(reply->text, slice_str(word)) &&
           (reply->text.len == len || reply->text.data[len] == ' ');
}
