/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of config/ share: a configuration from a text, and what was complained of as one text. */
#ifndef LEAT_TESTS_CONFIG_READING_H
#define LEAT_TESTS_CONFIG_READING_H

#include <stdio.h>
#include <unistd.h>

#include "lib/unit.h"

#include "base/buf.h"
#include "config/config.h"

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

static inline void assert_complaints(const struct complaints *complaints, const char *expected)
{
    char text[16384];
    complaints_text(complaints, text, sizeof text);
    assert_string_equal(text, expected);
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
