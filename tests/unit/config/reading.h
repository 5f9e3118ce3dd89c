/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of config/ share: a configuration from a text, and what was complained of as one text. */
#ifndef LEAT_TESTS_CONFIG_READING_H
#define LEAT_TESTS_CONFIG_READING_H

#include <stdio.h>
#include <unistd.h>

#include "lib/unit.h"

#include "base/buf.h"
#include "config/config.h"
#include "config/walk.h"

/* One reading: what it complained of, and the configuration when there was nothing to refuse. */
struct reading {
    struct arena arena;
    struct complaints complaints;
    struct config *config;
};

static inline struct reading *reading_new(void)
{
    struct reading *reading = test_calloc(1, sizeof *reading);
    arena_init(&reading->arena, 4096);
    reading->complaints.arena = &reading->arena;
    return reading;
}

static inline void reading_free(struct reading *reading)
{
    config_free(reading->config);
    arena_done(&reading->arena);
    test_free(reading);
}

static inline struct reading *read_with(const char *yaml, const struct config_override *overrides,
                                        unsigned count)
{
    struct reading *reading = reading_new();
    enum error error = config_load_bytes("leat.yaml", slice_str(yaml), overrides, count, &reading->complaints,
                                         &reading->config);
    assert_int_equal(error == OK, complaints_errors(&reading->complaints) == 0);
    assert_int_equal(error == OK, reading->config != NULL);
    return reading;
}

static inline struct reading *read_yaml(const char *yaml)
{
    return read_with(yaml, NULL, 0);
}

/* All complaints, as complaints_print writes them. */
static inline void complaints_text(const struct complaints *complaints, char *space, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    complaints_print(complaints, fileno(file));
    rewind(file);
    size_t len = fread(space, 1, size - 1, file);
    space[len] = 0;
    fclose(file);
}

/* `@root` stands for all keys of that mapping that are built, as complaints list them. */
static inline void expand_keys(const char *expected, char *space, size_t size)
{
    static const struct {
        const char *word;
        const struct section *section;
    } words[] = {{"@root", &section_root}, {"@resource", &section_resource}, {"@query", &section_query}};
    size_t len = 0;
    while (*expected && len + 100 < size) {
        const struct section *section = NULL;
        for (size_t i = 0; i < ARRAY_LEN(words) && !section; i++)
            if (strncmp(expected, words[i].word, strlen(words[i].word)) == 0) {
                section = words[i].section;
                expected += strlen(words[i].word);
            }
        if (!section)
            space[len++] = *expected++;
        const char *comma = "";
        for (const struct key *key = section ? section->keys : NULL; key && key->name; key++)
            if (key->kind) {
                len += (size_t)snprintf(space + len, size - len, "%s%s", comma, key->name);
                comma = ", ";
            }
    }
    space[len] = 0;
}

static inline void assert_complaints(const struct complaints *complaints, const char *expected)
{
    char text[16384], said[16384];
    complaints_text(complaints, text, sizeof text);
    expand_keys(expected, said, sizeof said);
    assert_string_equal(text, said);
}

/* A configuration that must be good: any complaint fails the test. */
static inline struct reading *read_good(const char *yaml)
{
    struct reading *reading = read_yaml(yaml);
    assert_complaints(&reading->complaints, "");
    assert_non_null(reading->config);
    return reading;
}

#endif
