#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/notify.h"

/* The service manager's end. */
struct fixture {
    int fd;
    char name[64];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(fixture.name, sizeof fixture.name, "@r3e-test-notify-%d", (int)getpid());
    assert_true(length > 0);
    memcpy(address.sun_path + 1, fixture.name + 1, (size_t)length - 1);
    fixture.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length);
    assert_int_equal(bind(fixture.fd, (struct sockaddr *)&address, size), 0);
    setenv("NOTIFY_SOCKET", fixture.name, 1);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    close(fixture->fd);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

/* The next message, or "". */
static const char *heard(const struct fixture *fixture)
{
    static char text[1024];
    ssize_t length = recv(fixture->fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = 0;
    return text;
}

static void what_is_said_arrives(void **state)
{
    struct fixture *fixture = *state;
    struct notify notify;
    notify_open(&notify);
    notify_extend(&notify, 2500);
    assert_string_equal(heard(fixture), "EXTEND_TIMEOUT_USEC=2500000");
    notify_ready(&notify);
    assert_string_equal(heard(fixture), "READY=1");
    notify_status(&notify, "fetching, 17 left");
    assert_string_equal(heard(fixture), "STATUS=fetching, 17 left");
    notify_status(&notify, "fetching, 17 left");
    assert_string_equal(heard(fixture), "");
    notify_reloading(&notify);
    assert_int_equal(strncmp(heard(fixture), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
    notify_stopping(&notify);
    assert_string_equal(heard(fixture), "STOPPING=1");
    assert_true(notify_tick(&notify, 5) > 0); /* no sign of life is wanted */
    assert_string_equal(heard(fixture), "");
    notify_close(&notify);
}

static void a_long_status_is_cut(void **state)
{
    struct fixture *fixture = *state;
    char status[1000];
    struct notify notify;
    memset(status, 'x', sizeof status - 1);
    status[sizeof status - 1] = 0;
    notify_open(&notify);
    notify_status(&notify, status);
    assert_int_equal(strlen(heard(fixture)), strlen("STATUS=") + NOTIFY_STATUS_SIZE - 1);
    notify_status(&notify, status);
    assert_string_equal(heard(fixture), "");
    notify_close(&notify);
}

static void signs_of_life_come_at_half_the_interval(void **state)
{
    struct fixture *fixture = *state;
    char pid[24];
    struct notify notify;
    assert_true(snprintf(pid, sizeof pid, "%d", (int)getpid()) > 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    notify_open(&notify);
    assert_int_equal(notify_tick(&notify, 100000), 15000);
    assert_string_equal(heard(fixture), "WATCHDOG=1");
    assert_int_equal(notify_tick(&notify, 114999), 1);
    assert_string_equal(heard(fixture), "");
    assert_int_equal(notify_tick(&notify, 120000), 15000);
    assert_string_equal(heard(fixture), "WATCHDOG=1");
    notify_close(&notify);
}

static void another_process_is_watched(void **state)
{
    struct fixture *fixture = *state;
    struct notify notify;
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    notify_open(&notify);
    notify_tick(&notify, 100000);
    assert_string_equal(heard(fixture), "");
    notify_close(&notify);
}

static void children_hear_of_nothing(void **state)
{
    (void)state;
    struct notify notify;
    setenv("WATCHDOG_USEC", "1", 1);
    notify_open(&notify);
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    notify_close(&notify);
}

static void without_a_manager_nothing_happens(void **state)
{
    struct fixture *fixture = *state;
    static const char *const wrong[] = {NULL, "", "@", "relative", "/nowhere/at/all"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct notify notify;
        if (wrong[i])
            setenv("NOTIFY_SOCKET", wrong[i], 1);
        else
            unsetenv("NOTIFY_SOCKET");
        notify_open(&notify);
        notify_ready(&notify);
        notify_status(&notify, "x");
        notify_tick(&notify, 0);
        assert_string_equal(heard(fixture), "");
        notify_close(&notify);
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(what_is_said_arrives),
        WITH(a_long_status_is_cut),
        WITH(signs_of_life_come_at_half_the_interval),
        WITH(another_process_is_watched),
        WITH(children_hear_of_nothing),
        WITH(without_a_manager_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
