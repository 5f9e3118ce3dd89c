/* SPDX-License-Identifier: Apache-2.0 */
/* Codings: what was packed is unpacked to the same by the decoders of zlib and libbrotli, however it was cut into pieces; what does
 * not become smaller is left alone. */
#include "lib/unit.h"

#include <brotli/decode.h>
#include <zlib.h>

#include "base/mem.h"
#include "encode/compress.h"

static struct buf text, packed;

static int begin(void **state)
{
    (void)state;
    buf_init(&text, 1 << 22);
    buf_init(&packed, 1 << 22);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_done(&text);
    buf_done(&packed);
    return 0;
}

/* A list as Leat writes it. */
static void write_rows(unsigned rows)
{
    static const char *const words[] = {"failed", "login", "from", "unknown", "host", "blocked"};
    struct unit_random random = {42};
    for (unsigned i = 0; i < rows; i++)
        buf_format(&text,
                   "%s{\"id\":%u,\"title\":\"%s %s %s\",\"source_ip\":\"10.%zu.%zu.%zu\",\"risk\":%zu.%zu,"
                   "\"created_at\":\"2026-01-%02zuT%02zu:12:34.%06zuZ\"}",
                   i ? "," : "[", i + 1000, words[unit_random_below(&random, 6)],
                   words[unit_random_below(&random, 6)], words[unit_random_below(&random, 6)],
                   unit_random_below(&random, 256), unit_random_below(&random, 256),
                   unit_random_below(&random, 256), unit_random_below(&random, 100),
                   unit_random_below(&random, 100), 1 + unit_random_below(&random, 28),
                   unit_random_below(&random, 24), unit_random_below(&random, 1000000));
    buf_lit(&text, "]");
}

static void write_noise(size_t len)
{
    struct unit_random random = {7};
    for (size_t i = 0; i < len; i++)
        buf_byte(&text, (char)unit_random_next(&random));
}

static void assert_unpacks_gzip(struct slice bytes)
{
    char *room = mem_must(text.len + 1);
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)bytes.data,
                  .avail_in = (uInt)bytes.len,
                  .next_out = (Bytef *)room,
                  .avail_out = (uInt)text.len + 1};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    assert_true(slice_eq(slice_of(room, z.total_out), buf_slice(&text)));
    inflateEnd(&z);
    mem_free(room);
}

static void assert_unpacks_brotli(struct slice bytes)
{
    char *room = mem_must(text.len + 1);
    size_t len = text.len + 1;
    assert_int_equal(BrotliDecoderDecompress(bytes.len, (const uint8_t *)bytes.data, &len, (uint8_t *)room),
                     BROTLI_DECODER_RESULT_SUCCESS);
    assert_true(slice_eq(slice_of(room, len), buf_slice(&text)));
    mem_free(room);
}

static void a_list_of_20_kb_becomes_less_than_a_third_in_every_coding(void **state)
{
    (void)state;
    struct compressor *compressor = compressor_new();
    write_rows(150);
    assert_in_range(text.len, 18000, 24000);
    for (enum effort effort = EFFORT_ONCE; effort < EFFORT_COUNT; effort++)
        for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++) {
            buf_clear(&packed);
            assert_true(compress_whole(compressor, coding, effort, buf_slice(&text), &packed));
            assert_true(packed.len * 10 <= text.len * 3);
            if (coding == CODING_GZIP)
                assert_unpacks_gzip(buf_slice(&packed));
            else
                assert_unpacks_brotli(buf_slice(&packed));
        }
    compressor_free(compressor);
}

static void what_does_not_become_smaller_is_left_as_it_is(void **state)
{
    (void)state;
    struct compressor *compressor = compressor_new();
    static const size_t lengths[] = {0, 1, 2, 10, 5000, 100000};
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        buf_clear(&text);
        write_noise(lengths[i]);
        for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++) {
            buf_clear(&packed);
            assert_false(compress_whole(compressor, coding, EFFORT_ONCE, buf_slice(&text), &packed));
        }
    }
    compressor_free(compressor);
}

static void a_compressor_serves_again_and_again(void **state)
{
    (void)state;
    struct compressor *compressor = compressor_new();
    for (unsigned rows = 20; rows < 400; rows += 90) {
        buf_clear(&text);
        buf_clear(&packed);
        write_rows(rows);
        assert_true(compress_whole(compressor, CODING_GZIP, EFFORT_ONCE, buf_slice(&text), &packed));
        assert_unpacks_gzip(buf_slice(&packed));
    }
    compressor_free(compressor);
    compressor_free(NULL);
}

/* How much of `packed` a reader can unpack so far. */
static size_t readable(void)
{
    char *room = mem_must(text.len + 1);
    z_stream z = {.next_in = (Bytef *)packed.data,
                  .avail_in = (uInt)packed.len,
                  .next_out = (Bytef *)room,
                  .avail_out = (uInt)text.len + 1};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    int got = inflate(&z, Z_SYNC_FLUSH);
    assert_true(got == Z_OK || got == Z_BUF_ERROR || got == Z_STREAM_END);
    size_t len = z.total_out;
    inflateEnd(&z);
    mem_free(room);
    return len;
}

static void a_stream_cut_anywhere_unpacks_to_the_same_and_each_piece_is_readable_at_once(void **state)
{
    (void)state;
    struct unit_random random = {3};
    write_rows(500);
    for (unsigned round = 0; round < 8; round++) {
        struct gzip_stream *stream = gzip_stream_new();
        buf_clear(&packed);
        for (size_t at = 0; at < text.len;) {
            size_t left = text.len - at, len = 1 + unit_random_below(&random, 30000);
            len = len < left ? len : left;
            assert_true(gzip_stream_add(stream, slice_of(text.data + at, len), false, &packed));
            at += len;
            assert_int_equal(readable(), at);
        }
        assert_true(gzip_stream_add(stream, (struct slice){0}, true, &packed));
        assert_unpacks_gzip(buf_slice(&packed));
        gzip_stream_free(stream);
    }
}

static void a_stream_of_nothing_and_one_of_noise_are_sound(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 300000; len += 100000) {
        buf_clear(&text);
        buf_clear(&packed);
        write_noise(len);
        struct gzip_stream *stream = gzip_stream_new();
        assert_true(gzip_stream_add(stream, buf_slice(&text), true, &packed));
        assert_unpacks_gzip(buf_slice(&packed));
        gzip_stream_free(stream);
    }
}

static void a_stream_that_was_not_ended_gives_its_memory_back(void **state)
{
    (void)state;
    struct gzip_stream *stream = gzip_stream_new();
    write_rows(10);
    assert_true(gzip_stream_add(stream, buf_slice(&text), false, &packed));
    gzip_stream_free(stream);
    gzip_stream_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
    TEST(a_list_of_20_kb_becomes_less_than_a_third_in_every_coding),
    TEST(what_does_not_become_smaller_is_left_as_it_is),
    TEST(a_compressor_serves_again_and_again),
    TEST(a_stream_cut_anywhere_unpacks_to_the_same_and_each_piece_is_readable_at_once),
    TEST(a_stream_of_nothing_and_one_of_noise_are_sound),
    TEST(a_stream_that_was_not_ended_gives_its_memory_back),
};

UNIT_TEST_MAIN(tests)
