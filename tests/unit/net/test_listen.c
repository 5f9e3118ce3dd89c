/* SPDX-License-Identifier: Apache-2.0 */
/* Opening listening sockets, and what is said when that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <unistd.h>

#include "net/net.h"

static void assert_says(struct slice address, enum error error, const char *words)
{
    int fd = -7;
    char why[256] = "";
    assert_int_equal(net_listen(address, &fd, why), error);
    assert_int_equal(fd, -7);
    if (strstr(why, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why, words);
}

static void a_port_of_the_systems_choice_is_told(void **state)
{
    (void)state;
    int fd;
    char why[256], text[64];
    assert_int_equal(net_listen(SLICE("127.0.0.1:0"), &fd, why), OK);
    net_address(fd, text);
    assert_true(slice_starts(slice_str(text), SLICE("127.0.0.1:")));
    int64_t port;
    assert_true(slice_to_int(slice_str(text + strlen("127.0.0.1:")), &port));
    assert_true(port > 0);
    close(fd);
}

static void an_ipv6_address_is_written_in_brackets(void **state)
{
    (void)state;
    int fd;
    char why[256], text[64];
    if (net_listen(SLICE("[::1]:0"), &fd, why) != OK)
        skip(); /* a machine without IPv6 */
    net_address(fd, text);
    assert_true(slice_starts(slice_str(text), SLICE("[::1]:")));
    close(fd);
}

static void a_port_in_use_is_told_with_what_to_do(void **state)
{
    (void)state;
    int fd;
    char why[256], text[64];
    assert_int_equal(net_listen(SLICE("127.0.0.1:0"), &fd, why), OK);
    net_address(fd, text);
    assert_says(slice_str(text), ERR_SYSTEM, "another program listens there");
    close(fd);
}

static void what_is_no_address_is_told_with_an_example(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "",           "8080",          ":8080",           "localhost:8080", "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:x",   "127.0.0.1:65536", "127.0.0.1:-1",   "127.0.0.256:80",
        "::1:8080x",  "[::1]",         "[::1:8080",       "[]:8080",        "[127.0.0.1]:80",
        "[::1]x:80",  "127.0.0.1:80 ", "unix:/tmp/x",
    };
    for (unsigned i = 0; i < ARRAY_LEN(addresses); i++)
        assert_says(slice_str(addresses[i]), ERR_INVALID, "write 127.0.0.1:8080");
    char longest[2000];
    memset(longest, '1', sizeof longest);
    longest[sizeof longest - 3] = ':';
    assert_says(slice_of(longest, sizeof longest), ERR_INVALID, "write 127.0.0.1:8080");
}

static void an_address_that_this_machine_does_not_have_is_told(void **state)
{
    (void)state;
    assert_says(SLICE("192.0.2.1:0"), ERR_SYSTEM, "no such address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_of_the_systems_choice_is_told),
        cmocka_unit_test(an_ipv6_address_is_written_in_brackets),
        cmocka_unit_test(a_port_in_use_is_told_with_what_to_do),
        cmocka_unit_test(what_is_no_address_is_told_with_an_example),
        cmocka_unit_test(an_address_that_this_machine_does_not_have_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
