/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions: one that fails ends the process by SIGABRT and says where; one that holds does nothing. */
#include "lib/unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

struct thing {
    uint32_t magic;
    int member;
};

static void break_precondition(void)
{
    PRE(1 + 1 == 3);
}

static void break_implication(void)
{
    bool yes = true, no = false;
    IMPLIES(yes, no);
}

static void reach_the_unreachable(void)
{
    UNREACHABLE("a road to nowhere");
}

static void pass_a_wrong_magic(void)
{
    struct thing thing = {.magic = 1};
    CHECK_MAGIC(&thing, 2);
}

static void pass_null_for_a_thing(void)
{
    struct thing *thing = NULL;
    CHECK_MAGIC(thing, 2);
}

/* Runs it in a child; what the child wrote to standard error is in ret_text, NUL-terminated. Returns its status. */
static int status_of(void (*act)(void), char *ret_text, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        act();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t got; (got = read(ends[0], ret_text + len, size - 1 - len)) > 0;)
        len += (size_t)got;
    ret_text[len] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_aborts(void (*act)(void), const char *said)
{
    char text[512];
    int status = status_of(act, text, sizeof text);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, said));
    assert_non_null(strstr(text, "test_check.c:"));
}

static void a_broken_assertion_aborts_and_names_itself_and_its_place(void **state)
{
    (void)state;
    assert_aborts(break_precondition, "precondition failed: 1 + 1 == 3");
    assert_aborts(break_implication, "implication failed: yes => no");
    assert_aborts(reach_the_unreachable, "unreachable failed: a road to nowhere");
    assert_aborts(pass_a_wrong_magic, "precondition failed");
    assert_aborts(pass_null_for_a_thing, "precondition failed");
}

static void an_assertion_that_holds_does_nothing(void **state)
{
    (void)state;
    struct thing thing = {.magic = 7};
    CHECK_MAGIC(&thing, 7);
    IMPLIES(false, false);
    IMPLIES(true, true);
    POST(thing.member == 0);
}

static void a_member_leads_back_to_what_holds_it(void **state)
{
    (void)state;
    struct thing thing = {0};
    int *member = &thing.member;
    assert_ptr_equal(container_of(member, struct thing, member), &thing);
}

static void every_error_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (int a = OK; a <= ERR_PROBLEM; a++) {
        assert_non_null(error_word((enum error)a));
        for (int b = OK; b < a; b++)
            assert_string_not_equal(error_word((enum error)a), error_word((enum error)b));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_broken_assertion_aborts_and_names_itself_and_its_place),
    cmocka_unit_test(an_assertion_that_holds_does_nothing),
    cmocka_unit_test(a_member_leads_back_to_what_holds_it),
    cmocka_unit_test(every_error_has_a_word_of_its_own),
};

UNIT_TEST_MAIN(tests)
