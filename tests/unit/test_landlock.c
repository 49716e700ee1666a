/* Each test confines a child, which tells by its exit code what it found: 0, or the line that was wrong. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/landlock.h"

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            _exit(__LINE__ % 255 + 1);                                                                       \
    } while (0)

struct place {
    char root[64], inside[128], outside[128];
};

static void run_child(void (*check)(struct place *), struct place *place)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        check(place);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status))
        fail_msg("a check failed near line %d", WEXITSTATUS(status) - 1);
}

static int make_place(void **state)
{
    static struct place place;
    unit_make_folder(place.root);
    snprintf(place.inside, sizeof place.inside, "%s/inside", place.root);
    snprintf(place.outside, sizeof place.outside, "%s/outside", place.root);
    mkdir(place.inside, 0755);
    mkdir(place.outside, 0755);
    *state = &place;
    return 0;
}

static int remove_place(void **state)
{
    const struct place *place = *state;
    char command[128];
    for (const char *name = "ab"; *name; name++) {
        snprintf(command, sizeof command, "%s/inside/%c", place->root, *name);
        unlink(command);
        snprintf(command, sizeof command, "%s/outside/%c", place->root, *name);
        unlink(command);
    }
    rmdir(place->inside);
    rmdir(place->outside);
    return rmdir(place->root);
}

static int open_in(const char *folder, const char *name, int flags)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? errno : 0;
}

static void check_files(struct place *place)
{
    char from[160], to[160];
    struct landlock_rules rules = {.limited = LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_RUN};
    CHECK(open_in(place->outside, "a", O_WRONLY | O_CREAT) == 0);
    landlock_allow(&rules, LANDLOCK_READ | LANDLOCK_WRITE, place->inside);
    CHECK(landlock_restrict(&rules, landlock_abi()));
    CHECK(open_in(place->inside, "a", O_WRONLY | O_CREAT | O_TRUNC) == 0);
    CHECK(open_in(place->inside, "a", O_RDONLY) == 0);
    CHECK(open_in(place->outside, "a", O_RDONLY) == EACCES);
    CHECK(open_in(place->outside, "a", O_WRONLY) == EACCES);
    CHECK(open_in(place->outside, "b", O_WRONLY | O_CREAT) == EACCES);
    snprintf(from, sizeof from, "%s/a", place->inside);
    snprintf(to, sizeof to, "%s/b", place->outside);
    CHECK(rename(from, to) < 0 && (errno == EACCES || errno == EXDEV));
    snprintf(to, sizeof to, "%s/b", place->inside);
    CHECK(rename(from, to) == 0);
    snprintf(from, sizeof from, "%s/a", place->outside);
    CHECK(unlink(from) < 0 && errno == EACCES);
    CHECK(execl("/bin/true", "true", NULL) < 0 && errno == EACCES);
}

static void test_only_what_is_allowed_can_be_touched(void **state)
{
    if (!landlock_abi())
        skip();
    run_child(check_files, *state);
}

static void check_missing(struct place *place)
{
    char missing[192];
    struct landlock_rules rules = {.limited = LANDLOCK_WRITE};
    snprintf(missing, sizeof missing, "%s/no/such/folder", place->inside);
    landlock_allow(&rules, LANDLOCK_WRITE, missing);
    landlock_allow(&rules, LANDLOCK_WRITE, "/there-is-none/x"); /* never stands for the root */
    landlock_allow_there(&rules, LANDLOCK_WRITE, "/there-is-none");
    CHECK(landlock_restrict(&rules, landlock_abi()));
    CHECK(open_in(place->inside, "a", O_WRONLY | O_CREAT) == 0);
    CHECK(open_in(place->outside, "a", O_WRONLY | O_CREAT) == EACCES);
    CHECK(open_in("/proc/self", "status", O_RDONLY) == 0); /* reading is not limited */
}

static void test_a_folder_to_come_stands_for_the_nearest(void **state)
{
    if (!landlock_abi())
        skip();
    run_child(check_missing, *state);
}

/* A socket that listens on a free port of loopback. */
static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error = connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
    close(fd);
    return error;
}

static uint16_t open_port, shut_port;

static void check_ports(struct place *place)
{
    (void)place;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct landlock_rules rules = {.bind.limited = true};
    landlock_allow_port(&rules.connect, open_port);
    CHECK(landlock_has_port(&rules.connect, open_port) && !landlock_has_port(&rules.connect, shut_port));
    CHECK(landlock_has_port(&(struct landlock_ports){0}, shut_port));
    CHECK(landlock_restrict(&rules, landlock_abi()));
    CHECK(connect_to(open_port) == 0);
    CHECK(connect_to(shut_port) == EACCES);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(fd, (struct sockaddr *)&any, sizeof any) < 0 && errno == EACCES);
}

static void test_only_allowed_ports_can_be_reached(void **state)
{
    if (landlock_abi() < LANDLOCK_ABI_PORTS)
        skip();
    int first = listen_somewhere(&open_port), second = listen_somewhere(&shut_port);
    run_child(check_ports, *state);
    close(first);
    close(second);
}

static void check_signals(struct place *place)
{
    (void)place;
    struct landlock_rules rules = {.scoped = true};
    CHECK(landlock_restrict(&rules, landlock_abi()));
    CHECK(kill(getppid(), 0) < 0 && errno == EPERM);
    CHECK(kill(getpid(), 0) == 0);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    CHECK(kill(child, SIGKILL) == 0);
    waitpid(child, NULL, 0);
}

static void test_no_signal_gets_out(void **state)
{
    if (landlock_abi() < 6)
        skip();
    run_child(check_signals, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_only_what_is_allowed_can_be_touched, make_place, remove_place),
        cmocka_unit_test_setup_teardown(
            test_a_folder_to_come_stands_for_the_nearest, make_place, remove_place),
        cmocka_unit_test(test_only_allowed_ports_can_be_reached),
        cmocka_unit_test(test_no_signal_gets_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
