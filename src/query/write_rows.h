/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a write as they are gathered, and the write itself as the files write*.c share it. See write.h. */
#ifndef LEAT_QUERY_WRITE_ROWS_H
#define LEAT_QUERY_WRITE_ROWS_H

#include "query/listing.h"
#include "query/write.h"

enum {
    WRITE_ROWS_MAX = 5000, /* of one statement */
    WRITE_CELLS_MAX = 64 * 1024,
    WRITE_BYTES_MAX = 1024 * 1024,
};

/* A column that is written. */
struct write_column {
    const struct column *column;
    bool constant;     /* one value for all rows: the key in the path, `set:` */
    bool create_only;  /* of `set: … on create` */
    struct bind value; /* of a constant */
    unsigned missing;  /* rows that do not give it */
};

/* A foreign key into rows that are tenants': what a written row refers to must be the caller's. */
struct write_reference {
    const struct foreign_key *key;
    const struct column *tenant; /* of the table that is referred to */
    struct bind own;             /* the caller's, as a value of that column */
};

/* `when:` of a signal of the resource. */
struct write_when {
    struct conditions conditions;
    struct column *cell; /* its SQL is written when the conditions' binds have their numbers */
};

/* Where a write is in its row of statements. */
enum write_stage {
    STAGE_WRITE,  /* INSERT, UPDATE, DELETE */
    STAGE_CREATE, /* PUT: the row was not there */
    STAGE_LOOK,   /* SQLite: what is going to be deleted is read first; then WRITE */
    STAGE_READ,   /* SQLite: what was written is read with what is embedded in it */
    STAGE_DONE
};

struct write {
    struct listing listing;
    const struct write_asked *asked;
    struct write_asked own;       /* `asked`, of the resource as the caller sees it */
    const struct bind *key;       /* of the path, or of a PUT's filters; NULL: none */
    struct write_column *columns; /* room: all of the table */
    unsigned column_count;
    bool ordered;                   /* `order=` says in which order rows are shown */
    bool columns_fixed;             /* `columns=` said which */
    const struct column **conflict; /* `on_conflict=`, or the key */
    unsigned conflict_count;
    struct conditions must; /* of the rows once they are written: `rows:` */
    struct write_reference *references;
    unsigned reference_count;
    struct write_when *whens; /* of those of the resource's `raises` that have one */
    unsigned when_count, when_at;
    uint32_t raised;
    struct row_sink taker; /* of rows that were looked at for it */

    struct arena arena; /* of the records and their statement */
    struct bind *cells; /* rows × stride; of a row that does not give a column: `absent` */
    bool *absent;
    unsigned stride, rows, rows_room;
    bool spent;       /* the rows are written; the store may look at their statement yet */
    uint64_t records; /* since the beginning */
    enum write_stage stage;
    bool created;
    uint64_t changed;

    struct bind *keys; /* STAGE_READ: of the rows that were written */
    unsigned key_count, keys_room;
};

/* write_columns.c: which columns there are. */
bool write_columns_begin(struct write *write, struct slice columns, struct slice on_conflict) must_check;
/* The place of a record's name; *ret_at UINT_MAX: it is to be passed over. `hint`: where it most likely stands. */
bool write_column_find(struct write *write, struct slice name, unsigned hint, unsigned *ret_at) must_check;

/* The refusal of a row for another tenant: what it names, as text. Always false. */
bool write_refuse_tenant(struct write *write, struct slice named);

/* write_checks.c: what rows must be when they are written. A statement that writes others fails. */
bool write_checks_begin(struct write *write) must_check;
/* Whether the statement to be written checks anything; and the check, cells of RETURNING. */
bool write_checks(const struct write *write);
void write_check(struct write *write, struct text *text, struct arena *arena, struct binds *binds);
/* Makes the problem that the check, or a reference to no row, is to the client: the two are not to be told apart. */
void write_checks_blame(const struct write *write, struct problem *problem);

/* write_raises.c: which signals a row raises is told by cells of its own. */
bool write_raises_begin(struct write *write) must_check;
/* Behind all others that the answer needs. */
void write_raises_cells(struct write *write);
/* For the statement that is written now. */
void write_raises_number(struct write *write, struct arena *arena, struct binds *binds);
/* A sink that looks at the cells of rows before it passes them on. */
struct row_sink write_raises_sink(struct write *write, struct row_sink to);

/* Whether the statement, with these records, gives the column a value. */
bool write_gives(const struct write *write, const struct column *column);

/* write_sql.c */
/* Numbers of an earlier statement of the same write are not those of this one. */
void write_forget_numbers(struct conditions *conditions);
void write_sql(struct write *write, struct statement *ret_statement);
/* SQLite: the SELECT of what is going to be deleted. */
void write_sql_look(struct write *write, struct statement *ret_statement);
/* SQLite: the SELECT of written rows by their keys, of one that is run for each, or in their order. */
void write_sql_read(struct write *write, struct statement *ret_statement);

/* Whether what RETURNING gives is not the answer yet: rows are embedded in it, or come in an order. */
static inline bool write_rereads(const struct write *write)
{
    return write->asked->shows && (write->ordered || !level_is_flat(write->listing.level));
}

/* It is read by a statement of its own then, where a write cannot stand in WITH. */
static inline bool write_reads_apart(const struct write *write)
{
    return write_rereads(write) && !write->listing.build.sql->embeds_json;
}

/* Whether DELETE leaves nothing to be read afterwards. */
static inline bool write_removes(const struct write *write)
{
    return write->asked->verb == WRITE_DELETE && !write->asked->resource->deleted;
}

#endif
