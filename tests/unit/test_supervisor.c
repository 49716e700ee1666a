#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "common/clock.h"
#include "common/supervisor.h"

/* The loop turns with real children; the time that the supervisor is told is the test's own. */
struct fixture {
    struct loop *loop;
    struct supervisor *supervisor;
    int64_t now_ms; /* told to the supervisor */
    int64_t sleep_ms;
    unsigned ended;
    unsigned wanted_ended;
};

static int64_t wait_for_ends(void *context, int64_t real_ms)
{
    struct fixture *fixture = context;
    (void)real_ms;
    if (fixture->ended >= fixture->wanted_ended)
        loop_stop(fixture->loop);
    return 10000;
}

static void count_end(void *context, pid_t pid, const struct process_end *end)
{
    struct fixture *fixture = context;
    (void)pid;
    (void)end;
    fixture->ended++;
}

static void run_until_ended(struct fixture *fixture, unsigned count)
{
    fixture->wanted_ended = count;
    assert_true(loop_run(fixture->loop, wait_for_ends, fixture));
}

static void open_with(struct fixture *fixture, const char *const *arguments, unsigned count)
{
    *fixture = (struct fixture){.loop = loop_open(), .now_ms = 1000000};
    struct supervisor_options options = {.kind = "child", .arguments = arguments, .count = count};
    fixture->supervisor = supervisor_open(fixture->loop, &options);
    supervisor_on_end(fixture->supervisor, count_end, fixture);
}

static void close_all(struct fixture *fixture)
{
    supervisor_close(&fixture->supervisor);
    loop_close(&fixture->loop);
}

static int64_t tick(struct fixture *fixture, int64_t later_ms)
{
    fixture->now_ms += later_ms;
    return supervisor_tick(fixture->supervisor, fixture->now_ms);
}

static const char *const sleeper[] = {"/bin/sleep", "60", NULL};
static const char *const quitter[] = {"/bin/true", NULL};
static const char *const failer[] = {"/bin/false", NULL};
static const char *const missing[] = {"/nonexistent/program", NULL};

static void starts_as_many_as_wanted_and_ends_them_with_itself(void **state)
{
    (void)state;
    struct fixture fixture;
    pid_t pids[8];
    open_with(&fixture, sleeper, 3);
    assert_true(tick(&fixture, 0) == LOOP_SLEEP_FOREVER);
    assert_int_equal(supervisor_alive(fixture.supervisor), 3);
    assert_int_equal(supervisor_pids(fixture.supervisor, pids, 8), 3);
    close_all(&fixture);
    for (int i = 0; i < 3; i++)
        assert_true(kill(pids[i], 0) < 0 && errno == ESRCH);
}

static void one_that_worked_is_replaced_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    pid_t pid, next;
    open_with(&fixture, sleeper, 1);
    tick(&fixture, 0);
    supervisor_pids(fixture.supervisor, &pid, 1);
    supervisor_worked(fixture.supervisor, pid);
    kill(pid, SIGKILL);
    run_until_ended(&fixture, 1);
    assert_int_equal(supervisor_crashed(fixture.supervisor), 1);
    assert_true(tick(&fixture, 0) == LOOP_SLEEP_FOREVER);
    assert_int_equal(supervisor_pids(fixture.supervisor, &next, 1), 1);
    assert_int_not_equal(pid, next);
    close_all(&fixture);
}

/* Each pause is between its length and one and a half of it, and the next is twice as long, up to a minute.
 */
static void check_pauses(struct fixture *fixture)
{
    int64_t least = 1000;
    for (unsigned round = 1; round <= 9; round++) {
        tick(fixture, 0);
        if (supervisor_alive(fixture->supervisor))
            run_until_ended(fixture, fixture->ended + 1);
        int64_t pause = tick(fixture, 0);
        assert_in_range(pause, least, least * 3 / 2);
        assert_int_equal(supervisor_alive(fixture->supervisor), 0);
        assert_true(tick(fixture, pause - 1) == 1);
        fixture->now_ms++;
        least = least * 2 > 60000 ? 60000 : least * 2;
    }
}

static void those_that_end_before_working_are_throttled(void **state)
{
    (void)state;
    struct fixture fixture;
    open_with(&fixture, quitter, 1);
    check_pauses(&fixture);
    assert_int_equal(supervisor_crashed(fixture.supervisor), 0);
    close_all(&fixture);
    open_with(&fixture, failer, 1);
    check_pauses(&fixture);
    assert_int_equal(supervisor_crashed(fixture.supervisor), 9);
    close_all(&fixture);
}

static void a_program_that_is_not_there_is_throttled_too(void **state)
{
    (void)state;
    struct fixture fixture;
    open_with(&fixture, missing, 4);
    int64_t pause = tick(&fixture, 0);
    assert_in_range(pause, 1000, 1500);
    assert_int_equal(supervisor_alive(fixture.supervisor), 0);
    pause = tick(&fixture, pause);
    assert_in_range(pause, 2000, 3000);
    close_all(&fixture);
}

/* A forked child: context says whether it works before it ends, and how it ends. */
static int forked_child(void *context, atomic_bool *worked)
{
    const char *what = *(const char *const *)context;
    if (what[0] == 'w')
        atomic_store(worked, true);
    return what[1] == 'f';
}

static void check_forked(const char *what, bool healthy, unsigned crashed)
{
    struct fixture fixture = {.loop = loop_open(), .now_ms = 1000000};
    struct supervisor_options options = {
        .kind = "child", .run = forked_child, .run_context = &what, .count = 1};
    fixture.supervisor = supervisor_open(fixture.loop, &options);
    supervisor_on_end(fixture.supervisor, count_end, &fixture);
    tick(&fixture, 0);
    run_until_ended(&fixture, 1);
    int64_t pause = tick(&fixture, 0);
    assert_int_equal(pause == LOOP_SLEEP_FOREVER, healthy);
    assert_int_equal(supervisor_crashed(fixture.supervisor), crashed);
    close_all(&fixture);
}

static void forked_children_say_themselves_whether_they_worked(void **state)
{
    (void)state;
    check_forked("w ", true, 0);
    check_forked("wf", true, 1);
    check_forked("  ", false, 0);
    check_forked(" f", false, 1);
}

static void stopping_starts_nothing_again(void **state)
{
    (void)state;
    struct fixture fixture;
    open_with(&fixture, sleeper, 2);
    tick(&fixture, 0);
    supervisor_stop(fixture.supervisor, SIGTERM);
    run_until_ended(&fixture, 2);
    assert_true(tick(&fixture, 100000) == LOOP_SLEEP_FOREVER);
    assert_int_equal(supervisor_alive(fixture.supervisor), 0);
    assert_int_equal(supervisor_crashed(fixture.supervisor), 0);
    close_all(&fixture);
}

static void leaves_no_descriptor_behind(void **state)
{
    (void)state;
    struct fixture fixture;
    unsigned before = process_descriptor_count();
    open_with(&fixture, quitter, 1);
    for (unsigned round = 1; round <= 50; round++) {
        int64_t wait = tick(&fixture, 0);
        if (wait != LOOP_SLEEP_FOREVER)
            tick(&fixture, wait);
        run_until_ended(&fixture, round);
    }
    close_all(&fixture);
    assert_int_equal(process_descriptor_count(), before);
}

static void a_restart_replaces_at_once_and_takes_another_number(void **state)
{
    (void)state;
    struct fixture fixture;
    pid_t before[8], after[8];
    open_with(&fixture, sleeper, 3);
    tick(&fixture, 0);
    assert_int_equal(supervisor_pids(fixture.supervisor, before, 8), 3);
    supervisor_restart(fixture.supervisor, 1, SIGKILL);
    run_until_ended(&fixture, 3);
    assert_int_equal(supervisor_crashed(fixture.supervisor), 0);
    tick(&fixture, 0); /* no pause, although they had not worked */
    assert_int_equal(supervisor_pids(fixture.supervisor, after, 8), 1);
    supervisor_restart(fixture.supervisor, 2, SIGKILL);
    run_until_ended(&fixture, 4);
    tick(&fixture, 0);
    assert_int_equal(supervisor_alive(fixture.supervisor), 2);
    assert_int_equal(supervisor_pids(fixture.supervisor, after, 8), 2);
    assert_int_equal(kill(after[0], SIGKILL), 0); /* nobody asked for this end */
    run_until_ended(&fixture, 5);
    assert_int_equal(supervisor_crashed(fixture.supervisor), 1);
    assert_true(tick(&fixture, 0) < LOOP_SLEEP_FOREVER);
    supervisor_restart(fixture.supervisor, 0, SIGKILL);
    run_until_ended(&fixture, 6);
    assert_true(tick(&fixture, 100000) == LOOP_SLEEP_FOREVER);
    assert_int_equal(supervisor_alive(fixture.supervisor), 0);
    close_all(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_as_many_as_wanted_and_ends_them_with_itself),
        cmocka_unit_test(one_that_worked_is_replaced_at_once),
        cmocka_unit_test(those_that_end_before_working_are_throttled),
        cmocka_unit_test(a_program_that_is_not_there_is_throttled_too),
        cmocka_unit_test(forked_children_say_themselves_whether_they_worked),
        cmocka_unit_test(stopping_starts_nothing_again),
        cmocka_unit_test(leaves_no_descriptor_behind),
        cmocka_unit_test(a_restart_replaces_at_once_and_takes_another_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
