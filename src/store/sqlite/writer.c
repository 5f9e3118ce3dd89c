/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's thread, queue and connection: writer.h has the picture, group.c what it does with them. */
#include "store/sqlite/writer.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/mem.h"
#include "store/sqlite/guard.h"

enum { WRITER_MAGIC = 0x4c575254, STATEMENTS_MAX = 128, CACHE_KIB = 8000, CELLS_MAX = 2000 };

static const char *const words[WORD_COUNT] = {
    [WORD_BEGIN] = "BEGIN IMMEDIATE",       [WORD_COMMIT] = "COMMIT",
    [WORD_ROLLBACK] = "ROLLBACK",           [WORD_SAVEPOINT] = "SAVEPOINT request",
    [WORD_RELEASE] = "RELEASE request",     [WORD_UNDO] = "ROLLBACK TO request",
    [WORD_VERSION] = "PRAGMA data_version",
};

/* synchronous: with NORMAL, SQLite's usual advice for WAL, a power cut takes back what was answered. */
static const char settings[] = "PRAGMA query_only = OFF;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA synchronous = FULL;";

/* ---- the connection ---- */

/* For the SQL of requests: rows are read and changed; the schema, the settings and the transaction are not theirs. */
static int authorize(void *context, int action, const char *a, const char *b, const char *c, const char *d)
{
    struct lite_writer *writer = context;
    lite_target_note(&writer->target, action, a, d);
    return writer->own ? SQLITE_OK : lite_authorize_changing(NULL, action, a, b, c, d);
}

void lite_writer_close(struct lite_writer *writer)
{
    for (size_t i = 0; i < ARRAY_LEN(writer->words); i++) {
        sqlite3_finalize(writer->words[i]);
        writer->words[i] = NULL;
    }
    lite_reader_close(writer->connection);
    writer->connection = NULL;
    writer->broken = writer->version_known = false;
}

/* Another file, or one copied over it: what is kept of the old one's pages must not be written into the new one. (After a checkpoint by
 * others it is opened anew for nothing.) */
static bool file_is_ours(const struct lite_writer *writer)
{
    struct lite_file file;
    return lite_file_at(writer->store->path, &file) && lite_file_untouched(file, writer->connection->file);
}

static int open_connection(struct lite_writer *writer, char why[512])
{
    struct lite_reader_options options = {
        .path = writer->store->path,
        .locale = writer->store->locale,
        .statements_max = STATEMENTS_MAX,
        .cache_kib = CACHE_KIB,
        .bytes_max = writer->store->answer_bytes_max,
        .cells_max = CELLS_MAX,
    };
    return lite_reader_open(&options, &writer->connection, why) == OK ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* A reader's rights are widened. */
static int take_rights(struct lite_writer *writer)
{
    sqlite3 *db = writer->connection->db;
    sqlite3_set_authorizer(db, authorize, writer);
    int code = sqlite3_exec(db, settings, NULL, NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(words) && code == SQLITE_OK; i++)
        code = sqlite3_prepare_v3(db, words[i], -1, SQLITE_PREPARE_PERSISTENT, &writer->words[i], NULL);
    return code;
}

int lite_writer_ready(struct lite_writer *writer, char why[512])
{
    if (writer->connection && (lite_guard_is_torn() || !file_is_ours(writer)))
        lite_writer_close(writer);
    int code = writer->connection ? SQLITE_OK : open_connection(writer, why);
    if (code != SQLITE_OK || writer->words[WORD_COUNT - 1])
        return code;
    writer->connection->cancelled = &writer->unwanted;
    writer->connection->busy_until.us = INT64_MAX;
    writer->own = true;
    code = lite_reader_ready(writer->connection);
    if (code == SQLITE_OK)
        code = take_rights(writer);
    writer->own = false;
    writer->connection->cancelled = NULL;
    writer->broken = code != SQLITE_OK;
    return code;
}

void lite_writer_note_file(struct lite_writer *writer)
{
    struct lite_file file;
    if (!writer->connection)
        return;
    if (lite_file_at(writer->store->path, &file) && lite_file_same(file, writer->connection->file))
        writer->connection->file = file;
    else
        writer->broken = true;
}

int lite_writer_say(struct lite_writer *writer, enum lite_word word)
{
    PRE(writer->connection != NULL && writer->words[word] != NULL);
    writer->own = true; /* it may be prepared again */
    int code = sqlite3_step(writer->words[word]);
    sqlite3_reset(writer->words[word]);
    writer->own = false;
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* ---- the queue ---- */

static void note_wanted(struct lite_writer *writer)
{
    atomic_store(&writer->unwanted, list_empty(&writer->queue));
}

struct fetch *lite_writer_take(struct lite_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    struct list *link = list_shift(&writer->queue);
    struct fetch *fetch = link ? container_of(link, struct fetch, link) : NULL;
    if (fetch)
        fetch->state = WRITE_BEGUN;
    note_wanted(writer);
    pthread_mutex_unlock(&writer->lock);
    return fetch;
}

void lite_writer_take_all(struct lite_writer *writer, struct list *ret_all)
{
    list_init(ret_all);
    pthread_mutex_lock(&writer->lock);
    list_move_all(ret_all, &writer->queue);
    LIST_EACH (ret_all, link)
        container_of(link, struct fetch, link)->state = WRITE_BEGUN;
    note_wanted(writer);
    pthread_mutex_unlock(&writer->lock);
}

bool lite_writer_withdraw(struct lite_writer *writer, struct fetch *fetch)
{
    pthread_mutex_lock(&writer->lock);
    bool queued = fetch->state == WRITE_QUEUED;
    if (queued) {
        list_remove(&fetch->link);
        fetch->state = 0;
        note_wanted(writer);
    }
    pthread_mutex_unlock(&writer->lock);
    return queued;
}

void lite_writer_wake(struct lite_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
}

/* Waits until something is in the queue, or it is time to look for commits of others. */
static void wait_a_while(struct lite_writer *writer)
{
    if (!writer->ears) {
        pthread_cond_wait(&writer->work, &writer->lock);
        return;
    }
    int64_t until_us = mono_after_ms(clock_mono(), LISTEN_LOOK_MS).us;
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    if (pthread_cond_timedwait(&writer->work, &writer->lock, &until) != ETIMEDOUT)
        return;
    pthread_mutex_unlock(&writer->lock);
    lite_writer_look(writer);
    pthread_mutex_lock(&writer->lock);
}

/* Waits until something is in the queue. False: the end has come. */
static bool wait_for_work(struct lite_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (list_empty(&writer->queue) && !writer->ending) {
        if (writer->connection && lite_guard_is_torn())
            lite_writer_close(writer);
        wait_a_while(writer);
    }
    bool wanted = !list_empty(&writer->queue);
    pthread_mutex_unlock(&writer->lock);
    return wanted;
}

static void *work(void *context)
{
    struct lite_writer *writer = context;
    CHECK_MAGIC(writer, WRITER_MAGIC);
    while (wait_for_work(writer)) {
        lite_group_run(writer);
        if (writer->broken || lite_guard_is_torn())
            lite_writer_close(writer);
        lite_writer_look(writer);
    }
    lite_writer_close(writer);
    return NULL;
}

/* The thread blocks all signals: those are the main thread's. */
static bool start(struct lite_writer *writer)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    writer->started = pthread_create(&writer->thread, NULL, work, writer) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return writer->started;
}

bool lite_writer_queue(struct lite_writer *writer, struct fetch *fetch)
{
    CHECK_MAGIC(writer, WRITER_MAGIC);
    pthread_mutex_lock(&writer->lock);
    PRE(!writer->ending);
    bool started = writer->started || start(writer);
    if (started) {
        fetch->state = WRITE_QUEUED;
        list_push(&writer->queue, &fetch->link);
        note_wanted(writer);
        pthread_cond_signal(&writer->work);
    }
    pthread_mutex_unlock(&writer->lock);
    return started;
}

bool lite_writer_listen(struct lite_writer *writer, struct listener *ears)
{
    CHECK_MAGIC(writer, WRITER_MAGIC);
    pthread_mutex_lock(&writer->lock);
    PRE(!writer->ending && !(ears && writer->ears));
    writer->ears = ears;
    bool started = !ears || writer->started || start(writer);
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
    return started;
}

/* ---- beginning, ending ---- */

struct lite_writer *lite_writer_new(struct lite_store *store)
{
    struct lite_writer *writer = mem_must(sizeof *writer);
    writer->magic = WRITER_MAGIC;
    writer->store = store;
    writer->group = lite_group_new();
    list_init(&writer->queue);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return writer;
}

void lite_writer_free(struct lite_writer *writer)
{
    if (writer == NULL)
        return;
    CHECK_MAGIC(writer, WRITER_MAGIC);
    PRE(list_empty(&writer->queue));
    pthread_mutex_lock(&writer->lock);
    writer->ending = true;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
    if (writer->started)
        pthread_join(writer->thread, NULL);
    lite_group_free(writer->group);
    pthread_cond_destroy(&writer->work);
    pthread_mutex_destroy(&writer->lock);
    writer->magic = 0;
    mem_free(writer);
}
