/* SPDX-License-Identifier: Apache-2.0 */
/* The database's URL, and the four thresholds of slow statements. See walk.h.
 *
 * A URL is sqlite:PATH or postgresql://…; it may be kept out of the file: `file:PATH` names a file that holds it. A
 * relative path of either starts at the configuration's folder, unless the command line gave it. Passwords are never printed. */
#include <fcntl.h>
#include <unistd.h>

#include "config/units.h"
#include "config/walk.h"

enum { SECRET_BYTES_MAX = 8 * 1024 };

/* The text between `from` and `to` becomes ***. */
static struct slice masked_between(struct arena *arena, struct slice url, size_t from, size_t to)
{
    PRE(from <= to && to <= url.len);
    return arena_format(arena, "%.*s***%.*s", (int)from, url.data, (int)(url.len - to), url.data + to);
}

/* `password=…` among the parameters behind the `?`. */
static struct slice masked_parameter(struct arena *arena, struct slice url)
{
    struct slice name = SLICE("password=");
    for (size_t i = slice_find(url, '?'); i + name.len < url.len; i++) {
        if ((url.data[i] != '?' && url.data[i] != '&') || !slice_starts(slice_skip(url, i + 1), name))
            continue;
        size_t from = i + 1 + name.len;
        return masked_between(arena, url, from, from + slice_find(slice_skip(url, from), '&'));
    }
    return url;
}

struct slice config_url_masked(struct arena *arena, struct slice url)
{
    size_t scheme = slice_find(url, ':');
    if (!slice_starts(slice_skip(url, scheme), SLICE("://")))
        return url;
    url = masked_parameter(arena, url);
    size_t colon = scheme + 3 + slice_find(slice_skip(url, scheme + 3), ':');
    size_t at = url.len;
    while (at > colon && url.data[at - 1] != '@')
        at--;
    return at > colon + 1 ? masked_between(arena, url, colon + 1, at - 1) : url;
}

bool walk_secret(struct walk *walk, const char *key, const char *what, struct word *word)
{
    PRE(slice_starts(word->text, SLICE("file:")));
    struct slice path = slice_trim(slice_skip(word->text, strlen("file:")));
    char text[SECRET_BYTES_MAX];
    if (word->at.line)
        path = walk_path(walk, path);
    int fd = walk->folder ? open(arena_copy(walk->arena, path).data, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    if (len < 0 || len == sizeof text || !slice_is_utf8(slice_of(text, (size_t)len))) {
        complain(walk->complaints, word->at, "`%s`: the file " SLICE_FMT " cannot be read, or holds no %s",
                 key, SLICE_ARG(path), what);
        return false;
    }
    word->text = arena_copy(walk->arena, slice_trim(slice_of(text, (size_t)len)));
    return true;
}

static const char *url_fault(struct slice url)
{
    if (slice_starts(url, SLICE("sqlite://")))
        return "expected `sqlite:PATH`, without slashes that are not the path's: `sqlite:data.db`, `sqlite:/srv/data.db`";
    if (slice_starts(url, SLICE("sqlite:")) && url.len > strlen("sqlite:"))
        return NULL;
    if (slice_starts(url, SLICE("postgresql://")) || slice_starts(url, SLICE("postgres://")))
        return NULL;
    return "expected `sqlite:PATH` or `postgresql://user@host/database`";
}

static void read_url(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    if (node->kind != NODE_TEXT || node->text.len == 0) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    struct word url = walk_word(node);
    if (slice_starts(url.text, SLICE("file:")) && !walk_secret(walk, key->name, "URL", &url))
        return;
    const char *fault = url_fault(url.text);
    if (fault) {
        struct slice masked = config_url_masked(walk->arena, url.text);
        bool is_path = slice_find(url.text, ':') == url.text.len && slice_find(url.text, '/') < url.text.len;
        struct slice meant =
            is_path ? arena_format(walk->arena, ": did you mean `sqlite:" SLICE_FMT "`?", SLICE_ARG(masked))
                    : SLICE("");
        complain(walk->complaints, url.at, "`%s`: found `" SLICE_FMT "`, %s" SLICE_FMT, key->name,
                 SLICE_ARG(masked), fault, SLICE_ARG(meant));
        return;
    }
    struct slice path = slice_skip(url.text, strlen("sqlite:"));
    bool relative = slice_starts(url.text, SLICE("sqlite:")) && path.data[0] != '/' && path.data[0] != ':';
    if (relative && url.at.line)
        url.text = arena_format(walk->arena, "sqlite:" SLICE_FMT, SLICE_ARG(walk_path(walk, path)));
    *(struct word *)field = url;
}

static void print_url(struct printer *printer, const struct key *key, const void *field)
{
    struct slice url = ((const struct word *)field)->text;
    if (!url.data)
        return;
    struct arena arena;
    arena_init(&arena, 1024);
    print_name(printer, key->name);
    buf_byte(printer->out, ' ');
    config_print_text(printer->out, config_url_masked(&arena, url));
    buf_byte(printer->out, '\n');
    arena_done(&arena);
}

const struct kind kind_url = {.expected = "`sqlite:PATH` or `postgresql://user@host/database`",
                              .read = read_url,
                              .print = print_url};

enum { SLOW_STEPS = 4 };

static void read_slow(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    int64_t steps[SLOW_STEPS];
    unsigned count = 0;
    bool good = node->kind == NODE_LIST && node->count == SLOW_STEPS;
    for (const struct node *step = node->first; good && step; step = step->next, count++)
        good = step->kind == NODE_TEXT && units_read_duration(step->text, &steps[count]) &&
               (count == 0 || steps[count] > steps[count - 1]);
    if (good)
        memcpy(field, steps, sizeof steps);
    else
        walk_expected(walk, node, key->name, key->kind->expected);
}

static void print_slow(struct printer *printer, const struct key *key, const void *field)
{
    const int64_t *steps = field;
    print_name(printer, key->name);
    for (unsigned i = 0; i < SLOW_STEPS; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(" ["));
        units_print_duration(printer->out, steps[i]);
    }
    buf_lit(printer->out, "]\n");
}

const struct kind kind_slow = {.expected = "four growing durations such as `[100ms, 1s, 5s, 10s]`",
                               .read = read_slow,
                               .print = print_slow};
