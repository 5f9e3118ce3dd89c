/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of named queries: queries/analytics/top.sql is the query "analytics/top"; top.pg.sql and top.sqlite.sql are the
 * same query for one store. Files are read in the order of their paths; what does not end in .sql, or begins with a dot,
 * is left alone.
 *
 * Failure: complaints. Bounds: depth 8, 10,000 files, 256 KiB each. Reads the disk: start-up and reload only. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/query_file.h"

enum { FOLDER_DEPTH_MAX = 8, FILES_MAX = 10000 };

struct sql_file {
    struct slice path; /* of the query: "analytics/top" */
    enum sql_variant variant;
    const char *real; /* to open */
    const char *name; /* for complaints */
};

struct folder_walk {
    struct walk *walk;
    struct sql_file *files; /* mem_ */
    unsigned count, cap;
};

/* "analytics/top.pg.sql" → "analytics/top", SQL_PG. False: not an .sql file. */
static bool split_suffix(struct slice path, struct sql_file *file)
{
    static const struct {
        struct slice suffix;
        enum sql_variant variant;
    } suffixes[] = {{SLICE_INIT(".pg.sql"), SQL_PG},
                    {SLICE_INIT(".sqlite.sql"), SQL_SQLITE},
                    {SLICE_INIT(".sql"), SQL_ANY}};
    for (unsigned i = 0; i < ARRAY_LEN(suffixes); i++) {
        if (slice_ends(path, suffixes[i].suffix)) {
            file->path = slice_of(path.data, path.len - suffixes[i].suffix.len);
            file->variant = suffixes[i].variant;
            return true;
        }
    }
    return false;
}

static void add_file(struct folder_walk *f, struct sql_file file)
{
    if (f->count == f->cap) {
        unsigned cap = f->cap ? 2 * f->cap : 64;
        struct sql_file *files = mem_must(cap * sizeof *files);
        if (f->count)
            memcpy(files, f->files, f->count * sizeof *files);
        mem_free(f->files);
        f->files = files;
        f->cap = cap;
    }
    f->files[f->count++] = file;
}

static void load_folder(struct folder_walk *f, const char *real, const char *name, struct slice prefix,
                        unsigned depth);

static void take_entry(struct folder_walk *f, const struct sql_file *at, unsigned depth)
{
    struct sql_file file = *at;
    struct stat status;
    struct place place = {.file = file.name, .line = 1, .column = 1};
    if (stat(file.real, &status))
        complain(f->walk->complaints, place, "%s", strerror(errno));
    else if (S_ISDIR(status.st_mode))
        load_folder(f, file.real, file.name,
                    arena_format(f->walk->arena, SLICE_FMT "/", SLICE_ARG(file.path)), depth + 1);
    else if (split_suffix(at->path, &file) && f->count < FILES_MAX)
        add_file(f, file);
    else if (f->count == FILES_MAX)
        complain(f->walk->complaints, place, "there are more than %d queries", FILES_MAX);
}

/* What is wrong with the folder that `queries:` names is told where it is named. errno is opendir's. */
static void refuse_folder(struct walk *walk, const char *name, unsigned depth)
{
    const char *why = errno == ENOENT ? "there is no such folder" : strerror(errno);
    struct place at = {.file = name, .line = 1, .column = 1};
    if (depth > FOLDER_DEPTH_MAX)
        complain(walk->complaints, at, "folders of queries are at most %d deep", FOLDER_DEPTH_MAX);
    else if (depth > 1)
        complain(walk->complaints, at, "%s", why);
    else
        complain(walk->complaints, walk->config->queries_dir.at, "`queries`: %s: `%s`", why, name);
}

static void load_folder(struct folder_walk *f, const char *real, const char *name, struct slice prefix,
                        unsigned depth)
{
    struct arena *arena = f->walk->arena;
    DIR *folder = depth <= FOLDER_DEPTH_MAX ? opendir(real) : NULL;
    if (!folder) {
        refuse_folder(f->walk, name, depth);
        return;
    }
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        struct sql_file file = {
            .path = arena_format(arena, SLICE_FMT "%s", SLICE_ARG(prefix), entry->d_name),
            .real = arena_format(arena, "%s/%s", real, entry->d_name).data,
            .name = arena_format(arena, "%s/%s", name, entry->d_name).data,
        };
        take_entry(f, &file, depth);
    }
    closedir(folder);
}

static int by_path(const void *left, const void *right)
{
    const struct sql_file *a = left, *b = right;
    int paths = slice_cmp(a->path, b->path);
    return paths ? paths : (int)a->variant - (int)b->variant;
}

static bool path_is_good(struct walk *walk, const struct sql_file *file)
{
    for (struct slice rest = file->path; rest.data;) {
        struct slice segment = slice_cut(&rest, '/');
        const char *refused = name_refused(segment);
        if (refused && (!name_is_reserved(segment) || segment.data == file->path.data)) {
            complain(walk->complaints, (struct place){.file = file->name, .line = 1, .column = 1},
                     "`" SLICE_FMT "` %s", SLICE_ARG(segment), refused);
            return false;
        }
    }
    return true;
}

static void read_sql(struct walk *walk, const struct sql_file *file, struct config_query *query,
                     struct slice *head)
{
    struct place at = {.file = file->name, .line = 1, .column = 1};
    char *space = mem_must(SQL_BYTES_MAX + 1);
    int fd = open(file->real, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, space, SQL_BYTES_MAX + 1);
    int failed = errno;
    if (fd >= 0)
        close(fd);
    struct slice bytes = len < 0 ? SLICE("") : arena_copy(walk->arena, slice_of(space, (size_t)len));
    mem_free(space);
    if (len < 0)
        complain(walk->complaints, at, "%s", strerror(failed));
    else if (len > SQL_BYTES_MAX)
        complain(walk->complaints, at, "the file is larger than 256 KiB");
    else
        query_file_read(walk, (struct sql_source){file->name, bytes, file->variant}, query, head);
}

/* Reads the files of one query, those at `files` of the same path; returns how many they are. */
static unsigned read_query(struct walk *walk, const struct sql_file *files, unsigned count,
                           struct config_query *query)
{
    PRE(count > 0);
    struct slice head = {0};
    unsigned taken = 0;
    *query = (struct config_query){.path = files->path,
                                   .read = walk->config->read,
                                   .write = walk->config->write,
                                   .page = walk->config->page,
                                   .cache = walk->config->cache.policy};
    query->at = (struct place){.file = files->name, .line = 1, .column = 1};
    for (; taken < count && slice_eq(files[taken].path, query->path); taken++)
        read_sql(walk, &files[taken], query, &head);
    query_complete(walk, query);
    POST(taken > 0);
    return taken;
}

/* How the folder is called in complaints: as the user would, from where the configuration's name starts. */
static const char *folder_name(struct walk *walk)
{
    struct slice path = walk->config->queries_dir.text, file = walk->config->file;
    struct slice folder = slice_str(walk->folder);
    while (path.len > 1 && path.data[path.len - 1] == '/')
        path.len--;
    if (slice_starts(path, folder) && path.len > folder.len && path.data[folder.len] == '/') {
        while (file.len && file.data[file.len - 1] != '/')
            file.len--;
        path = slice_skip(path, folder.len + 1);
        while (slice_starts(path, SLICE("./")))
            path = slice_skip(path, 2);
        return arena_format(walk->arena, SLICE_FMT SLICE_FMT, SLICE_ARG(file), SLICE_ARG(path)).data;
    }
    return arena_copy(walk->arena, path).data;
}

void queries_load(struct walk *walk)
{
    struct config *config = walk->config;
    if (!config->queries_dir.text.data || !walk->folder)
        return;
    struct folder_walk f = {.walk = walk};
    load_folder(&f, arena_copy(walk->arena, config->queries_dir.text).data, folder_name(walk), SLICE(""), 1);
    if (f.count)
        qsort(f.files, f.count, sizeof *f.files, by_path);
    config->queries = ARENA_ARRAY(walk->arena, struct config_query, f.count + 1);
    for (unsigned i = 0; i < f.count;) {
        if (path_is_good(walk, &f.files[i]))
            i += read_query(walk, &f.files[i], f.count - i, &config->queries[config->query_count++]);
        else
            i++;
    }
    mem_free(f.files);
}
