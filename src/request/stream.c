/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: a spool under a lock, and a letter that is on its way at most once. stream.h says how it fails.
 *
 * `hungry` is set while the consumer has found nothing and waits for news: only then a letter is sent, so that a producer that
 * is ahead costs no wake-ups. */
#include "request/stream.h"

#include <errno.h>
#include <pthread.h>

#include "base/mem.h"

#define STREAM_MAGIC 0x5374726du

/* Of each stream; what is beyond goes to the file. */
enum { MEMORY_BYTES_MAX = 128 * 1024 };

struct stream {
    uint32_t magic;
    struct stream_options options;
    struct letter letter;
    pthread_mutex_t lock; /* guards all below */
    struct spool spool;
    enum stream_fault fault;
    int fault_errno;
    bool hungry;     /* the consumer waits for news */
    bool stopped;    /* nothing more is taken */
    bool letter_out; /* sent, not received */
    bool freed;      /* its owner has given it up */
};

static void on_receive(struct letter *letter);

struct stream *stream_new(const struct stream_options *options)
{
    PRE(options->space != NULL && options->bytes_max >= MEMORY_BYTES_MAX);
    struct stream *stream = mem_must(sizeof *stream);
    *stream = (struct stream){.magic = STREAM_MAGIC,
                              .options = *options,
                              .letter.on_receive = on_receive,
                              .lock = PTHREAD_MUTEX_INITIALIZER,
                              .hungry = options->on_news != NULL};
    spool_init(&stream->spool, options->space, MEMORY_BYTES_MAX, options->bytes_max);
    return stream;
}

static void bury(struct stream *stream)
{
    PRE(!stream->letter_out);
    spool_done(&stream->spool);
    (void)pthread_mutex_destroy(&stream->lock);
    stream->magic = 0;
    mem_free(stream);
}

static void on_receive(struct letter *letter)
{
    struct stream *stream = container_of(letter, struct stream, letter);
    CHECK_MAGIC(stream, STREAM_MAGIC);
    (void)pthread_mutex_lock(&stream->lock);
    stream->letter_out = false;
    bool freed = stream->freed;
    (void)pthread_mutex_unlock(&stream->lock);
    if (freed)
        bury(stream);
    else
        stream->options.on_news(stream->options.context);
}

static enum stream_fault fault_of(const struct stream *stream, enum error error, size_t len)
{
    if (error == OK)
        return STREAM_SOUND;
    if (error != ERR_LIMIT)
        return STREAM_SPOOL_FAILED;
    bool too_large = len > stream->options.bytes_max - spool_bytes(&stream->spool);
    return too_large ? STREAM_TOO_LARGE : STREAM_SPOOL_FULL;
}

/* The lock is held. True: the consumer is to be told. */
static bool put(struct stream *stream, struct slice bytes)
{
    enum error error = spool_append(&stream->spool, bytes);
    stream->fault_errno = error == ERR_MEMORY ? ENOMEM : errno;
    stream->fault = fault_of(stream, error, bytes.len);
    bool tell = stream->hungry && stream->fault == STREAM_SOUND && !stream->letter_out;
    stream->hungry = stream->hungry && !tell;
    stream->letter_out = stream->letter_out || tell;
    return tell;
}

bool stream_put(struct stream *stream, struct slice bytes)
{
    CHECK_MAGIC(stream, STREAM_MAGIC);
    (void)pthread_mutex_lock(&stream->lock);
    bool takes = !stream->stopped && stream->fault == STREAM_SOUND;
    bool tell = takes && bytes.len > 0 && put(stream, bytes);
    takes = takes && stream->fault == STREAM_SOUND;
    if (tell) /* under the lock: else it could be received, and the stream be gone, before it is sent */
        loop_post(stream->options.loop, &stream->letter);
    (void)pthread_mutex_unlock(&stream->lock);
    return takes;
}

enum error stream_take(struct stream *stream, char *to, size_t room, size_t *ret_len)
{
    CHECK_MAGIC(stream, STREAM_MAGIC);
    PRE(room > 0);
    (void)pthread_mutex_lock(&stream->lock);
    enum error error = spool_take(&stream->spool, to, room, ret_len);
    if (error == OK && *ret_len == 0)
        stream->hungry = stream->options.on_news != NULL;
    (void)pthread_mutex_unlock(&stream->lock);
    return error;
}

uint64_t stream_bytes(struct stream *stream)
{
    CHECK_MAGIC(stream, STREAM_MAGIC);
    (void)pthread_mutex_lock(&stream->lock);
    uint64_t bytes = spool_bytes(&stream->spool);
    (void)pthread_mutex_unlock(&stream->lock);
    return bytes;
}

void stream_stop(struct stream *stream)
{
    CHECK_MAGIC(stream, STREAM_MAGIC);
    (void)pthread_mutex_lock(&stream->lock);
    stream->stopped = true;
    (void)pthread_mutex_unlock(&stream->lock);
}

enum stream_fault stream_fault(struct stream *stream, int *ret_errno)
{
    CHECK_MAGIC(stream, STREAM_MAGIC);
    (void)pthread_mutex_lock(&stream->lock);
    enum stream_fault fault = stream->fault;
    *ret_errno = stream->fault_errno;
    (void)pthread_mutex_unlock(&stream->lock);
    return fault;
}

void stream_free(struct stream *stream)
{
    if (!stream)
        return;
    CHECK_MAGIC(stream, STREAM_MAGIC);
    (void)pthread_mutex_lock(&stream->lock);
    stream->freed = true;
    bool waits = stream->letter_out;
    (void)pthread_mutex_unlock(&stream->lock);
    if (!waits)
        bury(stream);
}
