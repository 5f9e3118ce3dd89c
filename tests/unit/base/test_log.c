/* SPDX-License-Identifier: Apache-2.0 */
/* The log, read where it is written: from a pipe, and from a terminal. */
#include "lib/memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

/* Standard error, while it is turned elsewhere. */
struct capture {
    int kept_fd, read_fd;
    char text[64 * 1024];
};

static void turn_to(struct capture *capture, int read_fd, int write_fd)
{
    capture->read_fd = read_fd;
    capture->kept_fd = dup(STDERR_FILENO);
    assert_true(dup2(write_fd, STDERR_FILENO) >= 0);
    close(write_fd);
}

static void capture_pipe(struct capture *capture)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 64 * 1024) > 0);
    turn_to(capture, ends[0], ends[1]);
}

static void capture_terminal(struct capture *capture)
{
    int controller, terminal;
    struct termios raw;
    cfmakeraw(memset(&raw, 0, sizeof raw));
    assert_int_equal(openpty(&controller, &terminal, NULL, &raw, NULL), 0);
    turn_to(capture, controller, terminal);
}

/* Turns standard error back; the text is what was written meanwhile. */
static const char *capture_end(struct capture *capture)
{
    fcntl(capture->read_fd, F_SETFL, O_NONBLOCK);
    ssize_t got = read(capture->read_fd, capture->text, sizeof capture->text - 1);
    capture->text[got > 0 ? got : 0] = '\0';
    dup2(capture->kept_fd, STDERR_FILENO);
    close(capture->kept_fd);
    close(capture->read_fd);
    return capture->text;
}

/* What follows the time, which is checked for its shape alone. */
static const char *after_time(const char *line)
{
    assert_memory_equal(line, "{\"time\":\"2", 10);
    assert_memory_equal(line + 36 - 1, "Z\",", 3);
    return line + 36 + 2;
}

static void a_line_is_one_json_object_with_its_fields_in_order(void **state)
{
    (void)state;
    struct capture capture;
    capture_pipe(&capture);
    log_event(LOG_INFO, "listening", LOG_STR("address", "127.0.0.1:8080"), LOG_INT("workers", 2),
              LOG_BOOL("tls", false), LOG_RAW("steps", SLICE("[1,2]")), LOG_TEXT("empty", SLICE("")));
    const char *line = capture_end(&capture);
    assert_string_equal(after_time(line),
                        "\"level\":\"info\",\"event\":\"listening\",\"address\":\"127.0.0.1:8080\","
                        "\"workers\":2,\"tls\":false,\"steps\":[1,2],\"empty\":\"\"}\n");
}

static void a_line_may_have_no_field(void **state)
{
    (void)state;
    struct capture capture;
    capture_pipe(&capture);
    log_event(LOG_ERROR, "gone");
    assert_string_equal(after_time(capture_end(&capture)), "\"level\":\"error\",\"event\":\"gone\"}\n");
}

static void hostile_text_can_neither_end_the_line_nor_forge_a_field(void **state)
{
    (void)state;
    struct capture capture;
    capture_pipe(&capture);
    log_event(LOG_WARN, "bad", LOG_STR("path", "/a\"}\n{\"x\":\\1\x1b[2J"));
    assert_string_equal(after_time(capture_end(&capture)),
                        "\"level\":\"warn\",\"event\":\"bad\","
                        "\"path\":\"/a\\\"}\\n{\\\"x\\\":\\\\1\\u001b[2J\"}\n");
}

static void text_that_is_not_utf8_is_written_byte_by_byte(void **state)
{
    (void)state;
    struct capture capture;
    capture_pipe(&capture);
    log_event(LOG_WARN, "bad", LOG_STR("raw", "a\xff\"\xc3"), LOG_STR("good", "ä"));
    assert_string_equal(after_time(capture_end(&capture)),
                        "\"level\":\"warn\",\"event\":\"bad\","
                        "\"raw\":\"a\\u00ff\\u0022\\u00c3\",\"good\":\"ä\"}\n");
}

static void a_field_too_long_is_left_out_and_the_line_says_so(void **state)
{
    (void)state;
    static char huge[20000];
    memset(huge, 'x', sizeof huge);
    struct capture capture;
    capture_pipe(&capture);
    log_event(LOG_INFO, "big", LOG_INT("before", 1), LOG_TEXT("sql", slice_of(huge, sizeof huge)),
              LOG_INT("after", 2));
    assert_string_equal(after_time(capture_end(&capture)),
                        "\"level\":\"info\",\"event\":\"big\",\"before\":1,\"after\":2,\"cut\":true}\n");
}

static void a_line_is_never_longer_than_16_kib_and_always_whole(void **state)
{
    (void)state;
    static char text[17000];
    memset(text, 'x', sizeof text);
    for (size_t len = 16200; len < 16400; len++) {
        struct capture capture;
        capture_pipe(&capture);
        log_event(LOG_INFO, "big", LOG_TEXT("sql", slice_of(text, len)));
        const char *line = capture_end(&capture);
        size_t size = strlen(line);
        assert_true(size <= 16 * 1024);
        assert_string_equal(line + size - 2, "}\n");
        assert_true((size > 16000) != (strstr(line, "\"cut\":true") != NULL));
    }
}

static void lines_below_the_level_are_dropped(void **state)
{
    (void)state;
    struct capture capture;
    capture_pipe(&capture);
    log_event(LOG_DEBUG, "quiet");
    log_level_set(LOG_ERROR);
    log_event(LOG_WARN, "quiet");
    assert_false(log_level_on(LOG_WARN));
    log_level_set(LOG_DEBUG);
    log_event(LOG_DEBUG, "loud");
    log_level_set(LOG_INFO);
    assert_string_equal(after_time(capture_end(&capture)), "\"level\":\"debug\",\"event\":\"loud\"}\n");
}

static void a_terminal_gets_a_line_for_people(void **state)
{
    (void)state;
    struct capture capture;
    capture_terminal(&capture);
    log_event(LOG_WARN, "slow request", LOG_STR("path", "/api/users"), LOG_INT("ms", 312),
              LOG_BOOL("cached", true), LOG_STR("said", "two words"), LOG_STR("none", ""),
              LOG_STR("move", "\x1b[2J"), LOG_STR("c1", "\xc2\x9b"));
    const char *line = capture_end(&capture);
    assert_int_equal(line[8], '.');
    assert_string_equal(line + 12, " warn  slow request  path=/api/users ms=312 cached=true"
                                   " said=\"two words\" none=\"\" move=\"\\u001b[2J\" c1=\"\xc2\x9b\"\n");
}

static void out_of_memory_loses_the_line_but_says_so(void **state)
{
    (void)state;
    struct capture capture;
    capture_pipe(&capture);
    memory_arm("1+");
    log_event(LOG_INFO, "lost");
    memory_arm(NULL);
    const char *said = capture_end(&capture);
    const char *line = strchr(said, '\n'); /* behind what the fault says of itself */
    assert_non_null(line);
    assert_string_equal(line + 1, "{\"level\":\"error\",\"event\":\"a log line was lost: out of memory\"}\n");
}

enum { THREADS = 4, LINES = 50 };

static void *write_lines(void *unused)
{
    for (int i = 0; i < LINES; i++)
        log_event(LOG_INFO, "from a thread", LOG_INT("i", i));
    return unused;
}

static void lines_of_different_threads_never_mix(void **state)
{
    (void)state;
    struct capture capture;
    pthread_t threads[THREADS];
    capture_pipe(&capture);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct slice rest = slice_str(capture_end(&capture));
    int count = 0;
    for (; rest.len; count++) {
        struct slice line = slice_cut(&rest, '\n');
        assert_true(slice_starts(line, SLICE("{\"time\":")) && slice_ends(line, SLICE("}")));
        assert_int_equal(slice_find(slice_skip(line, 1), '{'), line.len - 1);
    }
    assert_int_equal(count, THREADS * LINES);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_line_is_one_json_object_with_its_fields_in_order),
    cmocka_unit_test(a_line_may_have_no_field),
    cmocka_unit_test(hostile_text_can_neither_end_the_line_nor_forge_a_field),
    cmocka_unit_test(text_that_is_not_utf8_is_written_byte_by_byte),
    cmocka_unit_test(a_field_too_long_is_left_out_and_the_line_says_so),
    cmocka_unit_test(a_line_is_never_longer_than_16_kib_and_always_whole),
    cmocka_unit_test(lines_below_the_level_are_dropped),
    cmocka_unit_test(a_terminal_gets_a_line_for_people),
    cmocka_unit_test(out_of_memory_loses_the_line_but_says_so),
    cmocka_unit_test(lines_of_different_threads_never_mix),
};

UNIT_TEST_MAIN(tests)
