/* SPDX-License-Identifier: Apache-2.0 */
/* A group of writes in one transaction, each in a savepoint of its own. writer.h has the picture; the writer's thread.
 *
 *   a statement fails             back to the savepoint: that request alone has a problem
 *   a foreign key is left broken  the same: SQLite would look only at COMMIT, and refuse all
 *   the transaction is gone       (disk full, I/O error, memory out, a time limit, RAISE(ROLLBACK)) or cannot be committed: each of the
 *                                 group that has given no rows yet runs again alone; the others are told to
 *
 * Rows of a write without on_statement are kept until its commit, as long as they are few; so it can be run again. */
#include <time.h>

#include "base/mem.h"
#include "store/sqlite/guard.h"
#include "store/sqlite/refusal.h"
#include "store/sqlite/run.h"
#include "store/sqlite/trouble.h"
#include "store/sqlite/writer.h"

enum { GROUP_MAX = 128, GROUP_MS = 5, LOCK_WAIT_MS = 2000 };

struct slot {
    struct fetch *fetch;
    struct lite_harvest harvest;
    int code;   /* how its last statement ended */
    bool stays; /* it ended well and awaits the commit */
};

struct lite_group {
    struct slot slots[GROUP_MAX];
    unsigned count;
};

struct lite_group *lite_group_new(void)
{
    return mem_must(sizeof(struct lite_group));
}

void lite_group_free(struct lite_group *group)
{
    for (unsigned i = 0; i < GROUP_MAX; i++)
        lite_rows_done(&group->slots[i].harvest.rows);
    mem_free(group);
}

/* ---- the transaction ---- */

static const struct mono FOREVER = {.us = INT64_MAX};

static bool is_open(const struct lite_writer *writer)
{
    return !sqlite3_get_autocommit(writer->connection->db);
}

/* Waits for the lock until then, or for as long as anybody in the queue waits for it (those who do are ended by their ports). */
static int begin(struct lite_writer *writer, struct mono until)
{
    struct lite_reader *connection = writer->connection;
    connection->cancelled = until.us == FOREVER.us ? &writer->unwanted : NULL;
    connection->limit.us = 0;
    connection->busy_until = until;
    atomic_store(&writer->begins, true);
    int code = lite_writer_say(writer, WORD_BEGIN);
    atomic_store(&writer->begins, false);
    connection->cancelled = NULL;
    return code;
}

static void roll_back(struct lite_writer *writer)
{
    if (is_open(writer))
        writer->broken |= lite_writer_say(writer, WORD_ROLLBACK) != SQLITE_OK;
    writer->broken |= is_open(writer);
}

static int commit(struct lite_writer *writer)
{
    writer->connection->limit.us = 0;
    writer->connection->busy_until = mono_after_ms(clock_mono(), LOCK_WAIT_MS); /* of readers, without WAL */
    atomic_store(&writer->store->committing, true);
    int code = lite_guard_is_torn() ? SQLITE_IOERR_READ : lite_writer_say(writer, WORD_COMMIT);
    code = lite_code_meant(writer->connection->db, code);
    if (code != SQLITE_OK)
        roll_back(writer);
    else
        atomic_fetch_add(&writer->store->commits, 1);
    atomic_store(&writer->store->committing, false);
    return code;
}

/* ---- one request ---- */

static void fail(struct lite_writer *writer, struct slot *slot, int code)
{
    slot->code = code;
    writer->connection->limit.us = 0; /* it may have been what ended the statement */
    writer->own = true;               /* it asks for the names of keys */
    bool refused = lite_refused(writer->connection->db, slot->fetch, code, &writer->target);
    writer->own = false;
    if (!refused)
        writer->broken |= lite_run_failed(writer->connection, slot->fetch, code) == RUN_BROKEN;
}

/* Undoes what a request has done. When it cannot, all is undone. */
static void undo(struct lite_writer *writer)
{
    if (is_open(writer) && (lite_writer_say(writer, WORD_UNDO) != SQLITE_OK ||
                            lite_writer_say(writer, WORD_RELEASE) != SQLITE_OK))
        roll_back(writer);
}

static bool keys_hold(sqlite3 *db)
{
    int broken = 0, unused;
    int code = sqlite3_db_status(db, SQLITE_DBSTATUS_DEFERRED_FKS, &broken, &unused, 0);
    POST(code == SQLITE_OK);
    return broken == 0;
}

static enum verdict ask(struct fetch *fetch)
{
    return fetch->on_statement ? fetch->on_statement(fetch) : VERDICT_COMMIT;
}

/* Its statements. SQLITE_OK: it is to stay; SQLITE_ABORT: it was asked to be undone; else how it failed. */
static int run_statements(struct lite_writer *writer, struct slot *slot)
{
    enum verdict verdict = VERDICT_NEXT;
    while (verdict == VERDICT_NEXT) {
        writer->own = slot->fetch->makes;
        slot->harvest.enough = false; /* each statement may have a sink of its own */
        int code = lite_run_write(writer->connection, slot->fetch, &slot->harvest);
        writer->own = false;
        if (code != SQLITE_DONE)
            return code;
        verdict = ask(slot->fetch);
    }
    if (verdict == VERDICT_ROLLBACK)
        return SQLITE_ABORT;
    return keys_hold(writer->connection->db) ? SQLITE_OK : SQLITE_CONSTRAINT_FOREIGNKEY;
}

static void run_slot(struct lite_writer *writer, struct slot *slot)
{
    struct fetch *fetch = slot->fetch;
    lite_harvest_begin(&slot->harvest, fetch->on_statement == NULL, writer->store->answer_bytes_max);
    slot->code = SQLITE_OK;
    slot->stays = false;
    writer->connection->limit = lite_limit_of(writer->store, fetch);
    int code = lite_writer_say(writer, WORD_SAVEPOINT);
    if (code == SQLITE_OK)
        code = run_statements(writer, slot);
    if (code == SQLITE_OK)
        code = lite_writer_say(writer, WORD_RELEASE);
    slot->stays = code == SQLITE_OK;
    if (code == SQLITE_OK)
        return;
    if (code != SQLITE_ABORT)
        fail(writer, slot, code);
    undo(writer);
}

/* ---- answers ---- */

static void send_home(struct fetch *fetch)
{
    loop_post(lite_write_port(fetch)->loop, &fetch->job.letter);
}

static void answer(struct slot *slot)
{
    struct fetch *fetch = slot->fetch;
    lite_harvest_end(&slot->harvest, fetch, slot->stays);
    fetch->run_us = mono_diff_us(clock_mono(), fetch->sent);
    slot->fetch = NULL;
    send_home(fetch);
}

/* The fetch was undone with the whole transaction, by no fault of its own. */
static void answer_undone(struct slot *slot)
{
    slot->stays = false;
    slot->fetch->problem = lite_problem_undone();
    answer(slot);
}

/* Whether alone, or at a second try, it may go better. */
static bool may_pass_alone(int code)
{
    int primary = code & 0xff;
    return !lite_guard_is_torn() &&
           (primary == SQLITE_FULL || primary == SQLITE_IOERR || primary == SQLITE_NOMEM);
}

/* Whether the commit is on the disk is known by nobody. */
static bool is_unknown(int code)
{
    return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

static void answer_refused_commit(struct lite_writer *writer, struct slot *slot, int code)
{
    slot->stays = false;
    if (is_unknown(code))
        slot->fetch->problem = lite_problem_unknown();
    else
        fail(writer, slot, code);
    answer(slot);
}

static void run_alone(struct lite_writer *writer, struct slot *slot, struct mono until)
{
    slot->fetch->problem = (struct problem){0};
    int code = begin(writer, until);
    if (code == SQLITE_OK)
        run_slot(writer, slot);
    if (code == SQLITE_OK && slot->stays)
        code = commit(writer);
    else
        roll_back(writer);
    if (code == SQLITE_OK)
        answer(slot);
    else
        answer_refused_commit(writer, slot, code);
}

/* ---- the group ---- */

/* All that are run alone wait for the lock no longer than one would. */
static struct mono alone_until(void)
{
    return mono_after_ms(clock_mono(), LOCK_WAIT_MS);
}

/* The transaction is gone, and the last slot was at work. */
static void pick_up(struct lite_writer *writer, struct lite_group *group)
{
    struct slot *last = &group->slots[group->count - 1];
    bool last_again = group->count > 1 && last->harvest.keeps && may_pass_alone(last->code);
    struct mono until = alone_until();
    for (struct slot *slot = group->slots; slot <= last; slot++) {
        bool again = slot == last ? last_again : slot->stays && slot->harvest.keeps && !lite_guard_is_torn();
        if (again)
            run_alone(writer, slot, until);
        else if (slot->stays)
            answer_undone(slot);
        else
            answer(slot);
    }
}

static void answer_uncommitted(struct lite_writer *writer, struct lite_group *group, int code)
{
    bool alone = group->count > 1 && may_pass_alone(code) && !is_unknown(code);
    struct mono until = alone_until();
    for (struct slot *slot = group->slots; slot < group->slots + group->count; slot++) {
        if (!slot->stays)
            answer(slot);
        else if (alone && slot->harvest.keeps)
            run_alone(writer, slot, until);
        else
            answer_refused_commit(writer, slot, code);
    }
}

static void answer_all(struct lite_group *group)
{
    bool torn = lite_guard_is_torn();
    for (struct slot *slot = group->slots; slot < group->slots + group->count; slot++) {
        if (torn && slot->stays) {
            slot->stays = false;
            slot->fetch->problem = lite_problem_unknown();
        }
        answer(slot);
    }
}

static bool any_stays(const struct lite_group *group)
{
    bool stays = false;
    for (unsigned i = 0; i < group->count; i++)
        stays |= group->slots[i].stays;
    return stays;
}

static void finish(struct lite_writer *writer, struct lite_group *group)
{
    int code = SQLITE_OK;
    if (any_stays(group))
        code = commit(writer);
    else
        roll_back(writer);
    if (code == SQLITE_OK)
        answer_all(group);
    else
        answer_uncommitted(writer, group, code);
}

static struct slot *next_slot(struct lite_writer *writer, struct lite_group *group)
{
    struct fetch *fetch = lite_writer_take(writer);
    if (!fetch)
        return NULL;
    struct slot *slot = &group->slots[group->count++];
    slot->fetch = fetch;
    fetch->sent = clock_mono();
    fetch->wait_us = mono_diff_us(fetch->sent, fetch->submitted);
    return slot;
}

static void run_group(struct lite_writer *writer, struct lite_group *group)
{
    struct mono until = mono_after_ms(clock_mono(), GROUP_MS);
    group->count = 0;
    for (struct slot *slot; (slot = next_slot(writer, group)) != NULL;) {
        run_slot(writer, slot);
        if (!is_open(writer) || group->count == GROUP_MAX || clock_mono().us >= until.us)
            break;
    }
    if (is_open(writer))
        finish(writer, group);
    else
        pick_up(writer, group);
}

/* Nobody can write now; who comes later may find it otherwise. why: without a connection. */
static void refuse_all(struct lite_writer *writer, int code, const char *why)
{
    struct list all;
    lite_writer_take_all(writer, &all);
    for (struct list *link; (link = list_shift(&all)) != NULL;) {
        struct fetch *fetch = container_of(link, struct fetch, link);
        fetch->wait_us = mono_diff_us(clock_mono(), fetch->submitted);
        if (writer->connection)
            writer->broken |= lite_run_failed(writer->connection, fetch, code) == RUN_BROKEN;
        else
            fetch->problem = lite_problem_unavailable(fetch->arena, why);
        send_home(fetch);
    }
}

/* Another has the lock, or all who waited have left: the queue decides. */
static bool is_to_be_tried_again(int code)
{
    return lite_code_is_locked(code) || (code & 0xff) == SQLITE_INTERRUPT;
}

static void run(struct lite_writer *writer)
{
    char why[512] = "";
    int code = lite_writer_ready(writer, why);
    if (code == SQLITE_OK)
        code = begin(writer, FOREVER);
    if (code == SQLITE_OK)
        run_group(writer, writer->group);
    else if (is_to_be_tried_again(code))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    else
        refuse_all(writer, code, why);
    lite_writer_note_file(writer);
}

void lite_group_run(struct lite_writer *writer)
{
    lite_guard_enter();
    run(writer);
    lite_guard_leave();
}
