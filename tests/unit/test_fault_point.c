#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/fault_point.h"

static void arm(const char *specification, const char *once_file)
{
    char problem[FAULT_PROBLEM_SIZE] = "";
    if (!fault_point_arm(specification, once_file, problem))
        fail_msg("%s: %s", specification, problem);
}

static void assert_refused(const char *specification, const char *why)
{
    char problem[FAULT_PROBLEM_SIZE] = "";
    assert_false(fault_point_arm(specification, NULL, problem));
    if (!strstr(problem, why))
        fail_msg("%s: expected `%s` in `%s`", specification, why, problem);
}

/* How a child ends that comes to COLLECT_BEFORE_ACK; it exits with 7 if it gets past it. */
static int end_of_child(const char *specification)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        arm(specification, NULL);
        FAULT_POINT(COLLECT_BEFORE_ACK);
        _exit(7);
    }
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    if (WIFSTOPPED(status)) {
        int ignored;
        kill(pid, SIGKILL);
        waitpid(pid, &ignored, 0);
    }
    return status;
}

static void test_nothing_happens_unasked(void **state)
{
    (void)state;
    arm("", NULL);
    errno = E2BIG;
    assert_false(FAULT_FAIL(WRITER_BEFORE_PUT));
    FAULT_POINT(COLLECT_BEFORE_ACK);
    assert_int_equal(errno, E2BIG);
}

static void test_it_kills_stops_and_exits(void **state)
{
    (void)state;
    int status = end_of_child("collect.before_ack=kill");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    status = end_of_child("collect.before_ack=stop");
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    status = end_of_child("collect.before_ack=exit:3");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    status = end_of_child("collect.after_ack=kill");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void test_it_fails_with_the_error_asked_for(void **state)
{
    (void)state;
    arm("writer.before_put=fail:ENOSPC,writer.before_commit=fail:5", NULL);
    assert_true(FAULT_FAIL(WRITER_BEFORE_PUT));
    assert_int_equal(errno, ENOSPC);
    assert_true(FAULT_FAIL(WRITER_BEFORE_COMMIT));
    assert_int_equal(errno, EIO);
    assert_false(FAULT_FAIL(WRITER_BEFORE_BEGIN));
}

static void test_it_counts(void **state)
{
    (void)state;
    arm("writer.before_put=fail:EIO@2", NULL);
    assert_false(FAULT_FAIL(WRITER_BEFORE_PUT));
    assert_true(FAULT_FAIL(WRITER_BEFORE_PUT));
    assert_false(FAULT_FAIL(WRITER_BEFORE_PUT));
    arm("writer.before_put=fail:EIO@2+", NULL);
    assert_false(FAULT_FAIL(WRITER_BEFORE_PUT));
    assert_true(FAULT_FAIL(WRITER_BEFORE_PUT));
    assert_true(FAULT_FAIL(WRITER_BEFORE_PUT));
}

static void test_once_means_once_for_all(void **state)
{
    (void)state;
    char folder[64], path[128];
    unit_make_folder(folder);
    assert_true(snprintf(path, sizeof path, "%s/once", folder) > 0);
    arm("writer.before_put=fail:EIO", path);
    assert_true(FAULT_FAIL(WRITER_BEFORE_PUT));
    assert_false(FAULT_FAIL(WRITER_BEFORE_PUT));
    arm("writer.before_put=fail:EIO", path);
    assert_false(FAULT_FAIL(WRITER_BEFORE_PUT));
    assert_int_equal(unlink(path), 0);
    unit_remove_folder(folder);
}

static uint64_t resident_kb(void)
{
    char line[128];
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    const char *second = strchr(line, ' ');
    assert_non_null(second);
    return strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void test_it_pauses_and_leaks(void **state)
{
    (void)state;
    arm("collect.before_ack=pause:20,collect.after_ack=leak:8192", NULL);
    int64_t started_ms = clock_monotonic_ms();
    FAULT_POINT(COLLECT_BEFORE_ACK);
    assert_true(clock_monotonic_ms() - started_ms >= 20);
    uint64_t before_kb = resident_kb();
    FAULT_POINT(COLLECT_AFTER_ACK);
    assert_true(resident_kb() >= before_kb + 8000);
}

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    assert_refused("collect.before_ack", "is not NAME=ACTION");
    assert_refused("collect.sometime=kill", "no point is called `collect.sometime`");
    assert_refused("collect.before_ack=explode", "none of kill, stop");
    assert_refused("collect.before_ack=kill:1", "takes no argument");
    assert_refused("collect.before_ack=exit", "needs an argument");
    assert_refused("collect.before_ack=pause:soon", "no argument for `pause`");
    assert_refused("collect.before_ack=pause:-1", "no argument for `pause`");
    assert_refused("collect.before_ack=fail:EIO", "nothing can fail at collect.before_ack");
    assert_refused("writer.before_put=fail:EMUCH", "no argument for `fail`");
    assert_refused("writer.before_put=fail:0", "no argument for `fail`");
    assert_refused("writer.before_put=fail:EIO@0", "counted from 1");
    assert_refused("writer.before_put=fail:EIO@x+", "counted from 1");
    /* A list that is wrong in one place arms nothing. */
    assert_refused("writer.before_put=fail:EIO,collect.sometime=kill", "collect.sometime");
    assert_false(FAULT_FAIL(WRITER_BEFORE_PUT));
}

static void test_names_are_unique(void **state)
{
    (void)state;
    for (int left = 0; left <= FAULT_EXPORTER_BEFORE_REPORT; left++)
        for (int right = left + 1; right <= FAULT_EXPORTER_BEFORE_REPORT; right++)
            assert_string_not_equal(
                fault_point_name((enum fault_point)left), fault_point_name((enum fault_point)right));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_happens_unasked),
        cmocka_unit_test(test_it_kills_stops_and_exits),
        cmocka_unit_test(test_it_fails_with_the_error_asked_for),
        cmocka_unit_test(test_it_counts),
        cmocka_unit_test(test_once_means_once_for_all),
        cmocka_unit_test(test_it_pauses_and_leaks),
        cmocka_unit_test(test_what_is_wrong_is_named),
        cmocka_unit_test(test_names_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
