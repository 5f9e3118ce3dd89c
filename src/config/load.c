/* SPDX-License-Identifier: Apache-2.0 */
/* From a file to a checked configuration:
 *
 *   defaults ─► walked ─┐
 *   file ─► nodes ─► overrides put in ─► walked by the tables ─► query files ─► checked together
 *
 * Failure: every step complains and goes on where it can; any error among the complaints frees what was made. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/walk.h"

/* What is loaded. */
struct source {
    const char *name; /* in complaints; NULL: no file */
    struct slice bytes;
    const char *folder; /* absolute; NULL: no file is opened */
    const struct config_override *overrides;
    unsigned override_count;
    bool open;
};

static void read_defaults(struct walk *walk)
{
    struct node *root = NULL;
    struct node_source source = {.bytes = slice_str(config_defaults)};
    unsigned before = complaints_errors(walk->complaints);
    if (node_parse(walk->arena, source, walk->complaints, &root) != OK)
        return; /* this text of ours is right: memory is out, and was complained of */
    walk_section(walk, &section_root, root, "the defaults", walk->config);
    POST(complaints_errors(walk->complaints) == before);
}

static void read_source(struct walk *walk, const struct source *source)
{
    struct place start = {.file = source->name, .line = source->name ? 1 : 0, .column = 1};
    if (source->name)
        start.file = arena_copy(walk->arena, slice_str(source->name)).data;
    struct node *root;
    struct slice bytes = source->bytes; /* some editors put a byte order mark in front */
    if (slice_starts(bytes, SLICE("\xef\xbb\xbf")))
        bytes = slice_skip(bytes, 3);
    struct node_source text = {.bytes = bytes, .start = start};
    if (node_parse(walk->arena, text, walk->complaints, &root))
        return;
    override_apply(walk, source->overrides, source->override_count, root);
    walk_section(walk, &section_root, root, "the configuration", walk->config);
    queries_load(walk);
    config_check(walk, root);
}

static enum error load(const struct source *source, struct complaints *complaints, struct config **ret_config)
{
    struct config *config = mem_must(sizeof *config);
    arena_init(&config->arena, 64 * 1024);
    config->open = source->open;
    config->file = source->name ? arena_copy(&config->arena, slice_str(source->name)) : SLICE("");
    struct walk walk = {.arena = &config->arena,
                        .complaints = complaints,
                        .config = config,
                        .folder = source->folder};
    unsigned before = complaints_errors(complaints);
    read_defaults(&walk);
    if (config->open)
        config->read = ROLE_ANONYMOUS;
    read_source(&walk, source);
    complaints_sort(complaints);
    if (complaints_errors(complaints) == before) {
        *ret_config = config;
        return OK;
    }
    config_free(config);
    return ERR_INVALID;
}

/* The whole file, or an errno. */
static int read_file(const char *file, char *space, size_t size, size_t *ret_len)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < size) {
        got = read(fd, space + len, size - len);
        len += got > 0 ? (size_t)got : 0;
    }
    int failed = got < 0 ? errno : 0;
    close(fd);
    *ret_len = len;
    return failed;
}

/* The folder a file lies in, absolute. */
static bool folder_of(const char *file, char ret_folder[PATH_MAX])
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", file) >= (int)sizeof path)
        return false;
    char *slash = strrchr(path, '/');
    if (!slash)
        return realpath(".", ret_folder);
    slash[slash == path] = 0;
    return realpath(path, ret_folder);
}

enum error config_load(const char *file, const struct config_override *overrides, unsigned override_count,
                       struct complaints *complaints, struct config **ret_config)
{
    PRE(file && ret_config);
    size_t len = 0, size = NODE_BYTES_MAX + 1;
    char *space = mem_must(size);
    int failed = read_file(file, space, size, &len);
    char folder[PATH_MAX];
    enum error error = ERR_SYSTEM;
    if (failed || !folder_of(file, folder)) {
        complain(complaints, (struct place){.file = file}, "%s%s", strerror(failed ? failed : errno),
                 failed == ENOENT
                     ? ": name the configuration by `-c FILE`, or write one by `leat init URL -o leat.yaml`"
                     : ": the configuration cannot be read");
    } else {
        struct source source = {.name = file,
                                .bytes = {space, len},
                                .folder = folder,
                                .overrides = overrides,
                                .override_count = override_count};
        error = load(&source, complaints, ret_config);
    }
    mem_free(space);
    return error;
}

enum error config_load_bytes(const char *name, struct slice bytes, const struct config_override *overrides,
                             unsigned override_count, struct complaints *complaints,
                             struct config **ret_config)
{
    PRE(name && ret_config);
    struct source source = {.name = name,
                            .bytes = bytes,
                            .overrides = overrides,
                            .override_count = override_count};
    return load(&source, complaints, ret_config);
}

enum error config_without_file(const char *url, const struct config_override *overrides,
                               unsigned override_count, struct complaints *complaints,
                               struct config **ret_config)
{
    PRE(url && ret_config);
    struct config_override *all = mem_must(sizeof *all * ((size_t)override_count + 1));
    all[0] =
        (struct config_override){.path = SLICE("database.url"), .value = slice_str(url), .option = "URL"};
    if (override_count)
        memcpy(all + 1, overrides, sizeof *all * override_count);
    char folder[PATH_MAX];
    struct source source = {.folder = realpath(".", folder),
                            .overrides = all,
                            .override_count = override_count + 1,
                            .open = true};
    enum error error = load(&source, complaints, ret_config);
    mem_free(all);
    return error;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    struct arena arena = config->arena;
    mem_free(config);
    arena_done(&arena);
}
