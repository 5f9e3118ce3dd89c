/* SPDX-License-Identifier: Apache-2.0 */
/* Spools: against a plain array, over the seams of memory and file, and when limit, disk or memory give out. */
#include "base/spool.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "lib/folder.h"
#include "lib/memory.h"

static struct spool_space space_in(const struct folder *folder)
{
    return (struct spool_space){.folder = folder->path, .bytes_max = 1 << 20};
}

static void assert_holds(const struct spool *spool, const char *expected_text)
{
    char bytes[200];
    size_t len;
    assert_int_equal(spool_read((struct spool *)spool, 0, bytes, sizeof bytes, &len), OK);
    assert_slice(slice_of(bytes, len), expected_text);
    assert_int_equal(spool_bytes(spool), len);
}

static void assert_takes(struct spool *spool, size_t room, const char *expected_text)
{
    char bytes[200];
    size_t len;
    assert_int_equal(spool_take(spool, bytes, room, &len), OK);
    assert_slice(slice_of(bytes, len), expected_text);
}

static void few_bytes_lie_in_memory_and_open_no_file(void **state)
{
    (void)state;
    struct spool_space nowhere = {.folder = "/nowhere/at/all", .bytes_max = 1000};
    struct spool spool;
    spool_init(&spool, &nowhere, 8, 100);
    struct slice memory;
    assert_true(spool_in_memory(&spool, &memory));
    assert_int_equal(memory.len, 0);
    assert_int_equal(spool_append(&spool, SLICE("abcd")), OK);
    assert_int_equal(spool_append(&spool, SLICE("")), OK);
    assert_int_equal(spool_append(&spool, SLICE("efgh")), OK);
    assert_true(spool_in_memory(&spool, &memory));
    assert_slice(memory, "abcdefgh");
    assert_int_equal(spool.fd, -1);
    spool_done(&spool);
}

static void many_bytes_go_to_a_file_without_a_name(void **state)
{
    struct spool_space space = space_in(*state);
    struct spool spool;
    spool_init(&spool, &space, 4, 100);
    assert_int_equal(spool_append(&spool, SLICE("abcdefgh")), OK);
    struct slice memory;
    assert_false(spool_in_memory(&spool, &memory));
    assert_int_equal(space.bytes_taken, 4);
    assert_holds(&spool, "abcdefgh");
    DIR *folder = opendir(space.folder);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        assert_int_equal(entry->d_name[0], '.');
    closedir(folder);
    spool_done(&spool);
    assert_int_equal(space.bytes_taken, 0);
    spool_done(&spool);
}

static void it_can_be_read_from_any_offset(void **state)
{
    struct spool_space space = space_in(*state);
    struct spool spool;
    spool_init(&spool, &space, 3, 100);
    static const char letters[] = "abcdefgh";
    assert_int_equal(spool_append(&spool, slice_str(letters)), OK);
    for (size_t offset = 0; offset <= 8; offset++)
        for (size_t room = 0; room <= 10; room++) {
            char bytes[10];
            size_t len, expected = 8 - offset < room ? 8 - offset : room;
            assert_int_equal(spool_read(&spool, offset, bytes, room, &len), OK);
            assert_int_equal(len, expected);
            assert_memory_equal(bytes, letters + offset, len);
        }
    spool_done(&spool);
}

static void taken_empty_it_begins_again_in_memory(void **state)
{
    struct spool_space space = space_in(*state);
    struct spool spool;
    spool_init(&spool, &space, 4, 10);
    assert_int_equal(spool_append(&spool, SLICE("abcdef")), OK);
    assert_takes(&spool, 5, "abcde");
    assert_int_equal(space.bytes_taken, 2);
    assert_takes(&spool, 5, "f");
    assert_takes(&spool, 5, "");
    assert_int_equal(space.bytes_taken, 0);
    assert_int_equal(spool_append(&spool, SLICE("ghij")), OK);
    struct slice memory;
    assert_true(spool_in_memory(&spool, &memory));
    assert_slice(memory, "ghij");
    spool_done(&spool);
}

static void a_reader_that_lags_makes_no_file_larger_than_the_ring(void **state)
{
    struct spool_space space = space_in(*state);
    struct spool spool;
    spool_init(&spool, &space, 4, 10);
    assert_int_equal(spool_append(&spool, SLICE("ab")), OK);
    for (int round = 0; round < 100; round++) {
        assert_int_equal(spool_append(&spool, SLICE("cab")), OK);
        assert_takes(&spool, 3, "abc");
    }
    assert_holds(&spool, "ab");
    assert_int_equal(space.bytes_taken, 6);
    spool_done(&spool);
}

/* What a spool should hold: all bytes ever appended are those of a counter. */
struct model {
    uint64_t begin, end;
};

static void model_append(struct model *model, struct spool *spool, size_t len)
{
    char bytes[64];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)((model->end + i) * 31);
    enum error error = spool_append(spool, slice_of(bytes, len));
    bool fits = model->end - model->begin + len <= spool->bytes_max;
    assert_int_equal(error, fits ? OK : ERR_LIMIT);
    model->end += fits ? len : 0;
}

static void model_read(struct model *model, struct spool *spool, size_t room, bool take)
{
    char bytes[64];
    size_t len, held = (size_t)(model->end - model->begin), offset = take ? 0 : held / 3;
    size_t expected = held - offset < room ? held - offset : room;
    enum error error =
        take ? spool_take(spool, bytes, room, &len) : spool_read(spool, offset, bytes, room, &len);
    assert_int_equal(error, OK);
    assert_int_equal(len, expected);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(bytes[i], (char)((model->begin + offset + i) * 31));
    model->begin += take ? len : 0;
    assert_int_equal(spool_bytes(spool), model->end - model->begin);
}

static void whatever_is_done_it_holds_what_a_plain_array_would(void **state)
{
    struct spool_space space = space_in(*state);
    struct unit_random random = {.state = 77};
    for (int run = 0; run < 40; run++) {
        size_t memory_max = unit_random_below(&random, 40),
               max = memory_max + 1 + unit_random_below(&random, 90);
        struct spool spool;
        struct model model = {0};
        spool_init(&spool, &space, memory_max, max);
        for (int step = 0; step < 400; step++) {
            size_t len = unit_random_below(&random, 65), what = unit_random_below(&random, 4);
            if (what < 2)
                model_append(&model, &spool, len);
            else
                model_read(&model, &spool, len, what == 2);
            assert_true(space.bytes_taken <= max - memory_max);
        }
        spool_done(&spool);
        assert_int_equal(space.bytes_taken, 0);
    }
}

static void what_passes_its_limit_is_refused_whole(void **state)
{
    struct spool_space space = space_in(*state);
    struct spool spool;
    spool_init(&spool, &space, 4, 8);
    assert_int_equal(spool_append(&spool, SLICE("abcde")), OK);
    assert_int_equal(spool_append(&spool, SLICE("fghi")), ERR_LIMIT);
    assert_int_equal(spool_append(&spool, SLICE("fgh")), OK);
    assert_int_equal(spool_append(&spool, SLICE("i")), ERR_LIMIT);
    assert_holds(&spool, "abcdefgh");
    spool_done(&spool);
}

static void all_spools_together_keep_within_the_space(void **state)
{
    struct spool_space space = space_in(*state);
    space.bytes_max = 10;
    struct spool one, other;
    spool_init(&one, &space, 2, 100);
    spool_init(&other, &space, 2, 100);
    assert_int_equal(spool_append(&one, SLICE("abcdefgh")), OK);
    assert_int_equal(spool_append(&other, SLICE("abcdefg")), ERR_LIMIT);
    assert_int_equal(spool_append(&other, SLICE("abcdef")), OK);
    assert_int_equal(spool_append(&other, SLICE("g")), ERR_LIMIT);
    spool_done(&one);
    assert_int_equal(spool_append(&other, SLICE("g")), OK);
    assert_holds(&other, "abcdefg");
    spool_done(&other);
}

static void a_folder_that_is_absent_is_a_system_error(void **state)
{
    (void)state;
    struct spool_space nowhere = {.folder = "/nowhere/at/all", .bytes_max = 1000};
    struct spool spool;
    spool_init(&spool, &nowhere, 4, 100);
    assert_int_equal(spool_append(&spool, SLICE("abcdef")), ERR_SYSTEM);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(spool_bytes(&spool), 0);
    assert_int_equal(spool_append(&spool, SLICE("abcd")), OK);
    assert_holds(&spool, "abcd");
    spool_done(&spool);
}

/* A file size limit of the process stands for the disk: some bytes go in, then EFBIG instead of ENOSPC. */
static void a_disk_that_is_full_loses_nothing_held(void **state)
{
    struct spool_space space = space_in(*state);
    struct spool spool;
    spool_init(&spool, &space, 4, 100);
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 6;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(spool_append(&spool, SLICE("abcdefgh")), OK);
    enum error error = spool_append(&spool, SLICE("12345"));
    int cause = errno;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(error, ERR_SYSTEM);
    assert_int_equal(cause, EFBIG);
    assert_holds(&spool, "abcdefgh");
    assert_int_equal(spool_append(&spool, SLICE("ijklm")), OK);
    assert_holds(&spool, "abcdefghijklm");
    spool_done(&spool);
    assert_int_equal(space.bytes_taken, 0);
}

static void memory_that_is_out_loses_nothing_held(void **state)
{
    struct spool_space space = space_in(*state);
    struct spool spool;
    spool_init(&spool, &space, 10000, 20000);
    assert_int_equal(spool_append(&spool, SLICE("abc")), OK);
    static const char many[9000] = {0};
    memory_arm("1+");
    assert_int_equal(spool_append(&spool, slice_of(many, sizeof many)), ERR_MEMORY);
    memory_arm(NULL);
    assert_holds(&spool, "abc");
    spool_done(&spool);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(few_bytes_lie_in_memory_and_open_no_file),
    IN_A_FOLDER(many_bytes_go_to_a_file_without_a_name),
    IN_A_FOLDER(it_can_be_read_from_any_offset),
    IN_A_FOLDER(taken_empty_it_begins_again_in_memory),
    IN_A_FOLDER(a_reader_that_lags_makes_no_file_larger_than_the_ring),
    IN_A_FOLDER(whatever_is_done_it_holds_what_a_plain_array_would),
    IN_A_FOLDER(what_passes_its_limit_is_refused_whole),
    IN_A_FOLDER(all_spools_together_keep_within_the_space),
    cmocka_unit_test(a_folder_that_is_absent_is_a_system_error),
    IN_A_FOLDER(a_disk_that_is_full_loses_nothing_held),
    IN_A_FOLDER(memory_that_is_out_loses_nothing_held),
};

UNIT_TEST_MAIN(tests)
