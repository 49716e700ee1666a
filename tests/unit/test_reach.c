#include "tests/unit/unit.h"

#include "worker/reach.h"

static void test_lists_of_ports(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "0", "65536", "443,", ",443", "443;80", "x", "-1", " 443",
        "1,2,3,4,5,6,7,8,9,10,11,12,13", "99999999999999999999"};
    struct reach reach = {0};
    assert_true(reach_parse(&reach, "443,5556"));
    assert_true(reach.ports.limited && reach.ports.count == 2);
    assert_true(landlock_has_port(&reach.ports, 443) && landlock_has_port(&reach.ports, 5556));
    assert_false(landlock_has_port(&reach.ports, 80));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct reach none = {0};
        if (reach_parse(&none, wrong[i]))
            fail_msg("`%s` was taken", wrong[i]);
    }
}

static enum reach_outcome welcome(struct reach_session *session, const char *results, const char *url)
{
    int shut = 0;
    enum reach_outcome outcome =
        reach_welcome(session, "tcp://coordinator.example:5555", results, url, &shut);
    assert_true((shut != 0) == (outcome != REACH_OPEN));
    return outcome;
}

static void test_ports_of_the_command_line(void **state)
{
    (void)state;
    struct reach reach = {.sandbox = true};
    struct reach_session session = {.reach = &reach};
    assert_true(reach_parse(&reach, "443,5556"));
    assert_int_equal(welcome(&session, "tcp://127.0.0.1:5556", "https://service.example"), REACH_OPEN);
    assert_int_equal(
        welcome(&session, "ipc:///run/results.sock", "https://service.example:443/x"), REACH_OPEN);
    assert_int_equal(welcome(&session, "tcp://127.0.0.1:5557", "https://service.example"), REACH_SHUT);
    assert_int_equal(welcome(&session, "tcp://127.0.0.1:5556", "http://service.example"), REACH_SHUT);
    assert_int_equal(welcome(&session, "tcp://127.0.0.1:5556", "no address"), REACH_OPEN); /* fetch says so */
    reach.sandbox = false;
    assert_int_equal(welcome(&session, "tcp://127.0.0.1:5557", "http://service.example"), REACH_OPEN);
}

/* Narrows this test for good, so it is the last. */
static void test_ports_of_the_first_welcome(void **state)
{
    (void)state;
    const struct reach reach = {.sandbox = true};
    struct reach_session session = {.reach = &reach};
    assert_int_equal(welcome(&session, "tcp://127.0.0.1:5556", "https://[::1]:8443"), REACH_OPEN);
    assert_true(session.narrowed && landlock_has_port(&session.ports, 8443));
    assert_int_equal(welcome(&session, "tcp://127.0.0.1:5556", "https://[::1]:8443/y"), REACH_OPEN);
    assert_int_equal(welcome(&session, "tcp://127.0.0.1:5556", "https://[::1]"), REACH_CHANGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_of_ports),
        cmocka_unit_test(test_ports_of_the_command_line),
        cmocka_unit_test(test_ports_of_the_first_welcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
