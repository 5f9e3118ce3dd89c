/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a connection, and stopping what it runs: reader.h says for whom.
 *
 * Settings, and what each is for:
 *   query_only              no statement of ours can write, whatever it says
 *   case_sensitive_like     LIKE means the same on both stores, and an index can serve LIKE 'abc%'
 *   mmap_size               a file that is small beside the memory and seldom written is mapped (map.h); a page that its map loses ends
 *                           nobody (guard.h)
 *   trusted_schema on       off, SQLite 3.40 refuses a file whose views, generated columns or indexes call a function of JSON.
 *                           What a foreign file can do with it is read: functions with effects are not for schemas
 *                           (SQLITE_DIRECTONLY), and ours have none
 *   no lookaside, Debian    so memory comes from malloc each time; MEMSTATUS off (driver.c) spares it a
 *                           process-wide lock
 *
 * A running statement is looked at every PROGRESS_STEPS opcodes (some 20 µs): is it cancelled, is it over
 * its time? One opcode can be long — count(*) of a table is a single one — and is only ended by
 * sqlite3_interrupt, which it asks from time to time. */
#include "store/sqlite/reader.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/sqlite/functions.h"
#include "store/sqlite/guard.h"
#include "store/sqlite/map.h"
#include "store/sqlite/tuples.h"

enum {
    READER_MAGIC = 0x4c495445,
    PROGRESS_STEPS = 1000,
    BUSY_NAP_MS_MAX = 20,
    CATALOG_WAIT_MS = 5000,
};

static const char settings[] = "PRAGMA query_only = ON;"
                               "PRAGMA case_sensitive_like = ON;";

bool lite_file_at(const char *path, struct lite_file *ret_file)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return false;
    *ret_file = (struct lite_file){
        .device = status.st_dev,
        .inode = status.st_ino,
        .bytes = (uint64_t)status.st_size,
        .changed = status.st_ctim,
    };
    return true;
}

bool lite_file_same(struct lite_file a, struct lite_file b)
{
    return a.device == b.device && a.inode == b.inode;
}

bool lite_file_untouched(struct lite_file a, struct lite_file b)
{
    return lite_file_same(a, b) && a.bytes == b.bytes && a.changed.tv_sec == b.changed.tv_sec &&
           a.changed.tv_nsec == b.changed.tv_nsec;
}

int lite_authorize_reading(void *context, int action, const char *a, const char *b, const char *c,
                           const char *d)
{
    (void)context, (void)a, (void)b, (void)c, (void)d;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
        return SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

/* Full-text tables look at the data's version themselves. */
int lite_authorize_changing(void *context, int action, const char *a, const char *b, const char *c,
                            const char *d)
{
    if (action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE)
        return SQLITE_OK;
    if (action == SQLITE_PRAGMA && sqlite3_stricmp(a, "data_version") == 0)
        return SQLITE_OK;
    if (action == SQLITE_TRANSACTION)
        return SQLITE_DENY;
    return lite_authorize_reading(context, action, a, b, c, d);
}

static enum error refuse(char why[512], const char *path, const char *words)
{
    snprintf(why, 512, "cannot open the SQLite database `%s`: %s", path, words);
    return ERR_INVALID;
}

/* Why a file cannot be opened at all, as far as the system can say. */
static enum error refuse_file(char why[512], const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return refuse(why, path, errno == ENOENT ? "there is no such file" : strerror(errno));
    if (!S_ISREG(status.st_mode))
        return refuse(why, path, "it is not a file");
    return OK;
}

static const char *words_of(sqlite3 *db, const char *path, int code)
{
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        return "it is not a SQLite database, or it is encrypted";
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: /* what a read writes: its place in the log */
        if (euidaccess(path, R_OK) != 0)
            return "this user may not read it; give it the right to";
        return "it is in WAL mode, and SQLite cannot make or write PATH-wal and PATH-shm beside it; let this user write "
               "to the folder, or run `PRAGMA journal_mode = DELETE` on the file once, where it can be written";
    default:
        return db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    }
}

static int set_up(sqlite3 *db, locale_t locale)
{
    sqlite3_extended_result_codes(db, 1);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL); /* "x" is a column or an error, never a text */
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    return lite_functions_add(db, locale) ? sqlite3_exec(db, settings, NULL, NULL, NULL) : SQLITE_NOMEM;
}

/* The first look at the file itself: before it, anything opens. json_each declares its table at its first
 * use, which is before the authorizer would refuse that. */
static int look(sqlite3 *db)
{
    int code = sqlite3_exec(db, "SELECT 1 FROM json_each('[]')", NULL, NULL, NULL);
    return code == SQLITE_OK ? sqlite3_exec(db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL) : code;
}

static int look_guarded(sqlite3 *db)
{
    lite_guard_enter();
    int code = look(db);
    lite_guard_leave();
    return lite_guard_is_torn() ? SQLITE_IOERR_READ : code;
}

/* The path as SQLite is to be given it: one that begins with "file:" would be taken for a URI. */
static char *path_plain(const char *path)
{
    return sqlite3_mprintf("%s%s", strncmp(path, "file:", 5) == 0 ? "./" : "", path);
}

/* The file itself has not been looked at yet: it may be locked, or no database. */
static enum error open_unseen(const char *path, locale_t locale, sqlite3 **ret_db, char why[512])
{
    enum error error = refuse_file(why, path);
    if (error != OK)
        return error;
    if (!lite_guard_admit())
        return refuse(why, path, "pages of it were lost while it was read; it is opened again in a moment");
    sqlite3 *db = NULL;
    char *plain = path_plain(path);
    /* Read-write, though nothing is written: a reader may have to recover the write-ahead log of a process
     * that died. */
    int code =
        plain ? sqlite3_open_v2(plain, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) : SQLITE_NOMEM;
    sqlite3_free(plain);
    if (code == SQLITE_OK)
        code = set_up(db, locale);
    if (code == SQLITE_OK) {
        *ret_db = db;
        return OK;
    }
    error = refuse(why, path, words_of(db, path, code));
    lite_connection_close(db);
    return error;
}

enum error lite_connection_open(const char *path, locale_t locale, sqlite3 **ret_db, char why[512])
{
    sqlite3 *db;
    enum error error = open_unseen(path, locale, &db, why);
    if (error != OK)
        return error;
    sqlite3_busy_timeout(db, CATALOG_WAIT_MS);
    int code = look_guarded(db);
    if (code == SQLITE_OK) {
        *ret_db = db;
        return OK;
    }
    error = refuse(why, path, words_of(db, path, code));
    lite_connection_close(db);
    return error;
}

/* The last connection to a file writes its log back, by the -shm file's map. On zeros it would lose commits: so a torn one is kept
 * from it, and one that is whole is not guarded — a page lost at that very moment ends the process, which loses nothing. */
void lite_connection_close(sqlite3 *db)
{
    bool torn = db && lite_guard_is_torn();
    if (torn) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        lite_guard_enter();
    }
    int code = sqlite3_close(db);
    POST(code == SQLITE_OK); /* statements were left open */
    if (torn)
        lite_guard_leave();
    lite_guard_release();
}

static bool is_over(const struct lite_reader *reader)
{
    if (reader->cancelled && atomic_load_explicit(reader->cancelled, memory_order_relaxed))
        return true;
    if (lite_guard_is_torn())
        return true;
    return reader->limit.us != 0 && clock_mono().us >= reader->limit.us;
}

/* SQLite's progress handler: not 0 stops what runs. Steps are counted on from run to run of a statement, so
 * the first look may come at once: a short statement that was only kept waiting for the processor is let
 * run to its end. */
static int on_progress(void *context)
{
    struct lite_reader *reader = context;
    return ++reader->looks > 1 && is_over(reader);
}

/* SQLite's busy handler: 0 gives up. Naps grow from 1 ms; the first is for a lock held just now. */
static int on_busy(void *context, int times)
{
    struct lite_reader *reader = context;
    if (clock_mono().us >= reader->busy_until.us || is_over(reader))
        return 0;
    long nap_ms = times < BUSY_NAP_MS_MAX ? times + 1 : BUSY_NAP_MS_MAX;
    nanosleep(&(struct timespec){.tv_nsec = nap_ms * 1000000}, NULL);
    return 1;
}

/* Else they are SQLite's: 2 MB, and no map. */
static void set_memory(const struct lite_reader *reader)
{
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA cache_size = -%u; PRAGMA mmap_size = %llu", reader->cache_kib,
             (unsigned long long)reader->map_bytes);
    sqlite3_exec(reader->db, sql, NULL, NULL, NULL);
}

enum error lite_reader_open(const struct lite_reader_options *options, struct lite_reader **ret_reader,
                            char why[512])
{
    sqlite3 *db;
    struct lite_file file;
    if (!lite_file_at(options->path, &file))
        return refuse(why, options->path, "there is no such file");
    enum error error = open_unseen(options->path, options->locale, &db, why);
    if (error != OK)
        return error;
    if (!lite_tuples_add(db, options->bytes_max)) {
        lite_connection_close(db);
        return refuse(why, options->path, "out of memory");
    }
    struct lite_reader *reader = mem_must(sizeof *reader);
    *reader = (struct lite_reader){
        .magic = READER_MAGIC,
        .db = db,
        .file = file,
        .cache_kib = options->cache_kib,
        .map_bytes = lite_map_bytes(file.bytes, options->map_bytes_max),
    };
    lite_statements_init(&reader->statements, db, options->statements_max);
    lite_rows_init(&reader->rows, options->bytes_max, options->cells_max);
    sqlite3_progress_handler(db, PROGRESS_STEPS, on_progress, reader);
    sqlite3_busy_handler(db, on_busy, reader);
    *ret_reader = reader;
    return OK;
}

static int prepare_turn(struct lite_reader *reader)
{
    sqlite3_finalize(reader->begin); /* of a try that found it locked */
    reader->begin = NULL;
    int code = sqlite3_prepare_v3(reader->db, "BEGIN", -1, SQLITE_PREPARE_PERSISTENT, &reader->begin, NULL);
    if (code != SQLITE_OK)
        return code;
    return sqlite3_prepare_v3(reader->db, "COMMIT", -1, SQLITE_PREPARE_PERSISTENT, &reader->commit, NULL);
}

int lite_reader_ready(struct lite_reader *reader)
{
    CHECK_MAGIC(reader, READER_MAGIC);
    if (reader->ready)
        return SQLITE_OK;
    int code = look(reader->db);
    if (code == SQLITE_OK)
        code = prepare_turn(reader);
    if (code != SQLITE_OK)
        return code;
    set_memory(reader);
    sqlite3_file_control(reader->db, "main", SQLITE_FCNTL_DATA_VERSION, &reader->version);
    sqlite3_set_authorizer(reader->db, lite_authorize_reading, NULL);
    reader->ready = true;
    return SQLITE_OK;
}

/* By the file's own control and not by the PRAGMA, which its statements have no right to and would all be prepared for again. */
unsigned lite_reader_weigh_map(struct lite_reader *reader, int64_t since_us)
{
    CHECK_MAGIC(reader, READER_MAGIC);
    unsigned version = reader->version;
    if (!reader->ready ||
        sqlite3_file_control(reader->db, "main", SQLITE_FCNTL_DATA_VERSION, &version) != SQLITE_OK)
        return 0;
    unsigned commits = version - reader->version;
    reader->version = version;
    sqlite3_int64 bytes = lite_map_pays(commits, since_us) ? (sqlite3_int64)reader->map_bytes : 0;
    sqlite3_file_control(reader->db, "main", SQLITE_FCNTL_MMAP_SIZE, &bytes);
    return commits;
}

void lite_reader_close(struct lite_reader *reader)
{
    if (reader == NULL)
        return;
    CHECK_MAGIC(reader, READER_MAGIC);
    lite_statements_done(&reader->statements);
    lite_rows_done(&reader->rows);
    sqlite3_finalize(reader->begin);
    sqlite3_finalize(reader->commit);
    lite_connection_close(reader->db);
    reader->magic = 0;
    mem_free(reader);
}

void lite_reader_begin(struct lite_reader *reader)
{
    CHECK_MAGIC(reader, READER_MAGIC);
    PRE(reader->ready);
    sqlite3_step(
        reader->begin); /* deferred: takes nothing, so it cannot fail but for memory; then each reads alone */
    sqlite3_reset(reader->begin);
}

void lite_reader_commit(struct lite_reader *reader)
{
    CHECK_MAGIC(reader, READER_MAGIC);
    if (sqlite3_get_autocommit(reader->db))
        return; /* an error has ended the transaction already */
    lite_guard_enter();
    sqlite3_step(reader->commit);
    sqlite3_reset(reader->commit);
    lite_guard_leave();
}
