/* SPDX-License-Identifier: Apache-2.0 */
/* The process's one writer: a thread and a connection that can write, to which the writes of all ports queue. SQLite lets one write at a
 * time; two connections would only wait for each other, by naps.
 *
 *   submit ─► queue ─► BEGIN IMMEDIATE ─► SAVEPOINT, its statements, RELEASE ─┬─► COMMIT ─► letters ─► on_end, on each port's thread
 *                │            │                  ▲                            │
 *                └ cancel,    └ another process  └──── the next in the queue ─┘ (a group)
 *                  wait_ms      writes: it is waited for while anybody waits
 *
 * What queues while a group commits is the next group: nobody is kept waiting for company. A commit is one fsync for the group
 * (synchronous=FULL): whoever is answered is on the disk. Where somebody listens (store/listen.h) it looks for commits of others meanwhile:
 * its connection sees these alone, for there is no other in the process that writes.
 * Threads: the queue is for all, by `lock`; the rest is the writer's thread's own, but for the atomics. The thread starts, and the
 * connection opens, at the first write. Failure: each write has its problem (store/store.h); the writer itself goes on. */
#ifndef LEAT_STORE_SQLITE_WRITER_H
#define LEAT_STORE_SQLITE_WRITER_H

#include "store/sqlite/refusal.h"
#include "store/sqlite/store.h"

/* The words of its transactions, prepared. UNDO: back to the savepoint. VERSION: a row that changes with commits of
 * others. */
enum lite_word {
    WORD_BEGIN,
    WORD_COMMIT,
    WORD_ROLLBACK,
    WORD_SAVEPOINT,
    WORD_RELEASE,
    WORD_UNDO,
    WORD_VERSION,
    WORD_COUNT
};

struct lite_group;

struct lite_writer {
    uint32_t magic;
    struct lite_store *store;
    pthread_mutex_t lock; /* guards what follows, up to `thread` */
    pthread_cond_t work;
    struct list queue; /* fetches, by link; their `state` is an enum write_state */
    bool started, ending;
    struct listener *ears; /* is told of commits by others, under the lock; NULL: nobody listens */
    pthread_t thread;
    atomic_bool unwanted; /* the queue is empty: no lock need be waited for */
    atomic_bool begins;   /* it waits for the right to write, or has just asked */

    struct lite_reader *connection; /* NULL: to be opened */
    sqlite3_stmt *words[WORD_COUNT];
    struct lite_target target;
    bool own; /* what is prepared or stepped now is the writer's or Leat's (fetch->makes), not a request's */
    bool broken; /* the connection is to be opened anew */
    bool version_known;
    int version; /* of the data, as the connection last saw it */
    struct lite_group *group;
};

enum write_state { WRITE_QUEUED = 1, WRITE_BEGUN };

static inline struct lite_port *lite_write_port(const struct fetch *fetch)
{
    struct lite_port *port = fetch->store_data[0];
    CHECK_MAGIC(port, LITE_PORT_MAGIC);
    return port;
}

struct lite_writer *lite_writer_new(struct lite_store *store);
/* No write is pending. Takes NULL. */
void lite_writer_free(struct lite_writer *writer);

/* Any thread. False: the thread could not be started. */
bool lite_writer_queue(struct lite_writer *writer, struct fetch *fetch) must_check;
/* Any thread: takes it from the queue. False: it has begun, and goes on to its end. */
bool lite_writer_withdraw(struct lite_writer *writer, struct fetch *fetch);
/* Any thread: begins to look for commits of others, or ends it (NULL). False: the thread could not be started. */
bool lite_writer_listen(struct lite_writer *writer, struct listener *ears) must_check;
/* Any thread: a torn connection (guard.h) is let go. */
void lite_writer_wake(struct lite_writer *writer);

/* ---- the writer's thread ---- */

/* The oldest in the queue, which begins; NULL: none. */
struct fetch *lite_writer_take(struct lite_writer *writer);
/* All that are in it now. */
void lite_writer_take_all(struct lite_writer *writer, struct list *ret_all);
/* Has a connection that may write to the file that is there now. A code of SQLite; without connection `why` says why. */
int lite_writer_ready(struct lite_writer *writer, char why[512]) must_check;
int lite_writer_say(struct lite_writer *writer, enum lite_word word);
void lite_writer_close(struct lite_writer *writer);
/* What the file has become by our own hand. */
void lite_writer_note_file(struct lite_writer *writer);

/* listen.c: asks whether others have committed since the last look, and tells of it. */
void lite_writer_look(struct lite_writer *writer);

/* group.c: one group of what is in the queue, to its answers. */
struct lite_group *lite_group_new(void);
void lite_group_free(struct lite_group *group);
void lite_group_run(struct lite_writer *writer);

#endif
