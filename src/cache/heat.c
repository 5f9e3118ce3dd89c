/* SPDX-License-Identifier: Apache-2.0 */
/* Counts by hour of the week. See heat.h. */
#include "cache/heat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/map.h"
#include "base/mem.h"

enum { HEAT_MAGIC = 0x48656174, FILE_BYTES_MAX = 8 << 20, PATH_MAX_BYTES = 4096 };
#define HOUR_US INT64_C(3600000000)

struct question {
    struct slice text; /* ours */
    uint64_t total;
    int64_t noted_hour;          /* since 1970, of the last note */
    uint16_t counts[HEAT_HOURS]; /* saturating */
};

struct heat {
    uint32_t magic;
    struct map by_text;
    struct question *questions[HEAT_QUESTIONS_MAX];
    unsigned count;
};

struct heat *heat_new(void)
{
    struct heat *heat = mem_must(sizeof *heat);
    heat->magic = HEAT_MAGIC;
    return heat;
}

static void question_free(struct question *question)
{
    mem_free((char *)question->text.data);
    mem_free(question);
}

void heat_free(struct heat *heat)
{
    if (!heat)
        return;
    CHECK_MAGIC(heat, HEAT_MAGIC);
    for (unsigned i = 0; i < heat->count; i++)
        question_free(heat->questions[i]);
    map_done(&heat->by_text);
    heat->magic = 0;
    mem_free(heat);
}

static int64_t hours_since_1970(struct wall wall)
{
    return wall.us / HOUR_US;
}

unsigned heat_hour_of(struct wall wall)
{
    return (unsigned)(hours_since_1970(wall) % HEAT_HOURS);
}

/* ---- notes ---- */

/* A place for a new one: a free one, or that of the least asked. */
static unsigned place_for_new(struct heat *heat)
{
    if (heat->count < HEAT_QUESTIONS_MAX)
        return heat->count++;
    unsigned least = 0;
    for (unsigned i = 1; i < heat->count; i++)
        if (heat->questions[i]->total < heat->questions[least]->total)
            least = i;
    map_remove(&heat->by_text, heat->questions[least]->text);
    question_free(heat->questions[least]);
    return least;
}

static struct question *find_or_add(struct heat *heat, struct slice text)
{
    struct question *question = map_get(&heat->by_text, text);
    if (question)
        return question;
    question = mem_try(sizeof *question);
    if (!question)
        return NULL;
    question->text = slice_of(mem_dup(text.data, text.len), text.len);
    heat->questions[place_for_new(heat)] = question;
    map_put(&heat->by_text, question->text, question);
    return question;
}

static void add(struct question *question, unsigned hour, unsigned count)
{
    unsigned sum = question->counts[hour] + count;
    question->counts[hour] = (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
    question->total += count;
}

/* Hours that came again since the last note, each once. */
static void fade(struct question *question, int64_t hour)
{
    int64_t since = hour - question->noted_hour;
    if (question->noted_hour == 0 || since <= 0)
        since = 0;
    for (int64_t i = 0; i < since && i < HEAT_HOURS; i++) {
        uint16_t *at = &question->counts[(hour - i) % HEAT_HOURS];
        question->total -= *at - *at / 2;
        *at /= 2;
    }
    question->noted_hour = hour;
}

static bool is_one_word(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ')
            return false;
    return text.len > 0;
}

void heat_note(struct heat *heat, struct slice text, unsigned count, struct wall at)
{
    CHECK_MAGIC(heat, HEAT_MAGIC);
    struct question *question = count && is_one_word(text) ? find_or_add(heat, text) : NULL;
    if (!question)
        return;
    fade(question, hours_since_1970(at));
    add(question, heat_hour_of(at), count);
}

/* ---- the most asked ---- */

struct ranked {
    unsigned here;
    uint64_t total;
    struct slice text;
};

static int by_rank(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->here != b->here)
        return a->here > b->here ? -1 : 1;
    if (a->total != b->total)
        return a->total > b->total ? -1 : 1;
    return slice_cmp(a->text, b->text);
}

unsigned heat_top(const struct heat *heat, unsigned hour, struct slice *ret_questions, unsigned room)
{
    CHECK_MAGIC(heat, HEAT_MAGIC);
    PRE(hour < HEAT_HOURS);
    struct ranked *ranked = mem_must(HEAT_QUESTIONS_MAX * sizeof *ranked);
    for (unsigned i = 0; i < heat->count; i++) {
        const struct question *question = heat->questions[i];
        ranked[i] = (struct ranked){question->counts[hour], question->total, question->text};
    }
    qsort(ranked, heat->count, sizeof *ranked, by_rank);
    unsigned count = heat->count < room ? heat->count : room;
    for (unsigned i = 0; i < count; i++)
        ret_questions[i] = ranked[i].text;
    mem_free(ranked);
    return count;
}

/* ---- the file ---- */

static bool read_number(struct slice text, int64_t most, int64_t *ret_value)
{
    return slice_to_int(text, ret_value) && *ret_value >= 0 && *ret_value <= most;
}

static void load_line(struct heat *heat, struct slice line)
{
    struct slice text = slice_cut(&line, '\t');
    struct question *question = is_one_word(text) ? find_or_add(heat, text) : NULL;
    while (question && line.len > 0) {
        struct slice item = slice_cut(&line, ' '), hour_text = slice_cut(&item, ':');
        int64_t hour, count;
        if (slice_eq(hour_text, SLICE("last")) && read_number(item, INT32_MAX, &count))
            question->noted_hour = count;
        else if (read_number(hour_text, HEAT_HOURS - 1, &hour) && read_number(item, UINT16_MAX, &count))
            add(question, (unsigned)hour, (unsigned)count);
    }
}

enum error heat_load(struct heat *heat, const char *path)
{
    CHECK_MAGIC(heat, HEAT_MAGIC);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? ERR_ABSENT : ERR_SYSTEM;
    struct buf text;
    buf_init(&text, FILE_BYTES_MAX);
    char piece[16384];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0 && !text.failed)
        buf_append(&text, piece, got);
    fclose(file);
    for (struct slice rest = buf_slice(&text); rest.len > 0;)
        load_line(heat, slice_cut(&rest, '\n'));
    buf_done(&text);
    return OK;
}

static void print(struct buf *out, const struct question *question)
{
    buf_add(out, question->text);
    buf_format(out, "\tlast:%lld", (long long)question->noted_hour);
    for (unsigned hour = 0; hour < HEAT_HOURS; hour++)
        if (question->counts[hour])
            buf_format(out, " %u:%u", hour, question->counts[hour]);
    buf_byte(out, '\n');
}

static enum error write_file(const char *path, struct slice text)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return ERR_SYSTEM;
    bool written = text.len == 0 || fwrite(text.data, 1, text.len, file) == text.len;
    return fclose(file) == 0 && written ? OK : ERR_SYSTEM;
}

enum error heat_save(const struct heat *heat, const char *path)
{
    CHECK_MAGIC(heat, HEAT_MAGIC);
    char beside[PATH_MAX_BYTES];
    int len = snprintf(beside, sizeof beside, "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof beside)
        return ERR_LIMIT;
    struct buf text;
    buf_init(&text, FILE_BYTES_MAX);
    for (unsigned i = 0; i < heat->count; i++)
        print(&text, heat->questions[i]);
    enum error error = text.failed ? ERR_MEMORY : write_file(beside, buf_slice(&text));
    buf_done(&text);
    if (error == OK && rename(beside, path) != 0)
        error = ERR_SYSTEM;
    return error;
}
