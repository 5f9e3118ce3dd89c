/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that reads: opened so that it cannot write (but for the writer, which widens its rights), with our functions, a cache of prepared
 * statements, and a way to stop what it runs. Used by one thread at a time (SQLITE_OPEN_NOMUTEX); handing
 * it over needs a barrier, as the offload pool's queue is. Only lite_reader_interrupt may come from another
 * thread, and only while the connection stays open. */
#ifndef LEAT_STORE_SQLITE_READER_H
#define LEAT_STORE_SQLITE_READER_H

#include <locale.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "store/sqlite/rows.h"
#include "store/sqlite/statements.h"

/* Which file a path led to, and in which state: one that was replaced or is gone gives another answer. */
struct lite_file {
    dev_t device;
    ino_t inode;
    uint64_t bytes;
    struct timespec changed; /* by anything: a program that copies another file over it, a checkpoint */
};

struct lite_reader {
    uint32_t magic;
    sqlite3 *db;
    struct lite_file file;
    unsigned cache_kib;
    uint64_t map_bytes; /* of the file's beginning; 0: it is read, not mapped */
    unsigned
        version; /* of the data, as lite_reader_weigh_map last saw it: moves with the commits of others */
    bool ready;  /* lite_reader_ready said OK */
    sqlite3_stmt *begin, *commit;
    struct lite_statements statements;
    struct lite_rows rows;
    struct mono limit;      /* what runs is stopped then; us 0: never */
    unsigned looks;         /* how often the progress handler has looked at what runs; 0 at its beginning */
    struct mono busy_until; /* how long a lock is waited for; us 0: not at all */
    atomic_bool *cancelled; /* what runs is stopped when it becomes true; may be NULL */
};

struct lite_reader_options {
    const char *path;
    locale_t locale;
    unsigned statements_max, cache_kib;
    uint64_t map_bytes_max;      /* a larger file is not mapped; 0: none is */
    size_t bytes_max, cells_max; /* of the rows it keeps at a time */
};

/* A bare connection that cannot write: for the catalogue. Its use is to be guarded (guard.h). why: one sentence. */
enum error lite_connection_open(const char *path, locale_t locale, sqlite3 **ret_db,
                                char why[512]) must_check;
void lite_connection_close(sqlite3 *db);

/* Opens; the file's content is not looked at yet. why: one sentence. */
enum error lite_reader_open(const struct lite_reader_options *options, struct lite_reader **ret_reader,
                            char why[512]) must_check;
void lite_reader_close(struct lite_reader *reader); /* takes NULL */

/* To be called before each use, guarded (guard.h): at the first it looks at the file and takes the rights to do more than read
 * away. A result code of SQLite; SQLITE_BUSY when the file is locked, to be tried again. */
int lite_reader_ready(struct lite_reader *reader) must_check;

/* To be called from time to time, no transaction being open: maps the file or not, by how many changes its reads have noticed
 * since: each has cost the map. Returns how many; several commits between two reads are one. */
unsigned lite_reader_weigh_map(struct lite_reader *reader, int64_t since_us);

/* A read transaction over several statements, so that each need not begin its own. Begun, as they run, within a guarded section. */
void lite_reader_begin(struct lite_reader *reader);
void lite_reader_commit(struct lite_reader *reader);

/* False: there is no such file now. */
bool lite_file_at(const char *path, struct lite_file *ret_file);
bool lite_file_same(struct lite_file a, struct lite_file b);      /* whatever is in it */
bool lite_file_untouched(struct lite_file a, struct lite_file b); /* the same, and in the same state */

/* For the SQL of named queries: allows reading, and nothing else (no PRAGMA, no ATTACH, no writing). */
int lite_authorize_reading(void *context, int action, const char *a, const char *b, const char *c,
                           const char *d);

/* The same with INSERT, UPDATE and DELETE; the transaction is not theirs. */
int lite_authorize_changing(void *context, int action, const char *a, const char *b, const char *c,
                            const char *d);

#endif
