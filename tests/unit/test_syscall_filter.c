/* Each test loads a filter in a child, which tells by its exit code what it found: 0, or the line. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/syscall_filter.h"

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            _exit(__LINE__ % 255 + 1);                                                                       \
    } while (0)

static void run_child(void (*check)(void), unsigned forbidden)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        CHECK(syscall_filter_load(forbidden));
        check();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status))
        fail_msg("a check failed near line %d", WEXITSTATUS(status) - 1);
}

static bool is_denied(long result)
{
    return result < 0 && errno == EPERM;
}

static void *do_nothing(void *argument)
{
    return argument;
}

static bool has_threads(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, do_nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool has_children(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* As somebody who knows that some checks look at 32 bits only. */
static long socket_of(unsigned long family)
{
    long fd = syscall(SYS_socket, family, SOCK_STREAM, 0);
    if (fd >= 0)
        close((int)fd);
    return fd;
}

static void check_always(void)
{
    CHECK(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2);
    CHECK(is_denied(syscall(SYS_bpf, 0, NULL, 0)));
    CHECK(is_denied(syscall(SYS_unshare, CLONE_NEWUSER)));
    CHECK(is_denied(syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0)));
    CHECK(is_denied(syscall(SYS_io_uring_setup, 1, NULL)));
    CHECK(is_denied(syscall(SYS_keyctl, 0, 0)));
    CHECK(is_denied(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL)));
    CHECK(is_denied(syscall(SYS_clone, CLONE_NEWNET | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL)));
    CHECK(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
    CHECK(is_denied(socket_of(AF_PACKET)) && is_denied(socket_of(AF_VSOCK)) && is_denied(socket_of(AF_ALG)));
    CHECK(is_denied(socket_of(AF_X25)) && is_denied(socket_of((1ul << 32) | AF_PACKET)));
    CHECK(socket_of(AF_INET) >= 0 && socket_of(AF_UNIX) >= 0);
    CHECK(has_threads() && has_children());
    CHECK(open("/dev/null", O_RDWR | O_CLOEXEC) >= 0);
}

static void test_what_nobody_needs_is_denied_and_the_rest_works(void **state)
{
    (void)state;
    run_child(check_always, 0);
}

static void check_exec(void)
{
    CHECK(is_denied(execl("/bin/true", "true", NULL)));
    CHECK(is_denied(syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0)));
}

static void test_no_program_is_started(void **state)
{
    (void)state;
    run_child(check_exec, FILTER_NO_EXEC);
}

static void check_sockets(void)
{
    int ends[2];
    CHECK(is_denied(socket_of(AF_INET)) && is_denied(socket_of(AF_UNIX)));
    CHECK(is_denied(socketpair(AF_UNIX, SOCK_STREAM, 0, ends)));
    CHECK(is_denied(connect(STDIN_FILENO, NULL, 0)) && is_denied(bind(STDIN_FILENO, NULL, 0)));
}

static void test_no_socket_is_made(void **state)
{
    (void)state;
    run_child(check_sockets, FILTER_NO_SOCKETS);
}

static void check_listening(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && is_denied(listen(fd, 1)));
}

static void test_nothing_listens(void **state)
{
    (void)state;
    run_child(check_listening, FILTER_NO_LISTENING);
}

static long try_open(const char *path, int flags)
{
    return syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

static void check_writing(void)
{
    const char *path = "/dev/null";
    CHECK(try_open(path, O_RDONLY) >= 0 && try_open(path, O_PATH | O_CLOEXEC) >= 0);
    CHECK(try_open("/", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW) >= 0);
    CHECK(is_denied(try_open(path, O_WRONLY)) && is_denied(try_open(path, O_RDWR)));
    CHECK(is_denied(try_open(path, O_ACCMODE)) && is_denied(try_open(path, O_RDONLY | O_TRUNC)));
    CHECK(is_denied(try_open("/tmp", O_TMPFILE | O_RDWR)));
    CHECK(is_denied(try_open("/nowhere/x", O_RDONLY | O_CREAT | O_APPEND)));
#ifdef SYS_open
    CHECK(is_denied(syscall(SYS_open, path, O_WRONLY)));
    CHECK(syscall(SYS_open, path, O_RDONLY) >= 0);
#endif
    CHECK(is_denied(unlink("/nowhere/x")) && is_denied(rename("/nowhere/x", "/nowhere/y")));
    CHECK(is_denied(mkdir("/nowhere/x", 0700)) && is_denied(symlink("/nowhere/x", "/nowhere/y")));
    CHECK(is_denied(link("/nowhere/x", "/nowhere/y")) && is_denied(truncate("/nowhere/x", 0)));
    CHECK(is_denied(chmod("/nowhere/x", 0)) && is_denied(chown("/nowhere/x", 0, 0)));
}

static void check_without_openat2(void)
{
    check_writing();
    CHECK(syscall(SYS_openat2, AT_FDCWD, "/", NULL, 0) < 0 && errno == ENOSYS);
}

static void check_with_openat2(void)
{
    check_writing();
    CHECK(syscall(SYS_openat2, AT_FDCWD, "/", NULL, 0) < 0 && errno != EPERM && errno != ENOSYS);
}

static void test_no_file_is_changed(void **state)
{
    (void)state;
    run_child(check_without_openat2, FILTER_NO_WRITING);
    run_child(check_with_openat2, FILTER_NO_WRITING | FILTER_KEEP_OPENAT2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_nobody_needs_is_denied_and_the_rest_works),
        cmocka_unit_test(test_no_program_is_started),
        cmocka_unit_test(test_no_socket_is_made),
        cmocka_unit_test(test_nothing_listens),
        cmocka_unit_test(test_no_file_is_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
