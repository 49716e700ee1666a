#include "coordinator/ctl/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ENTER "\x1b[?1049h\x1b[?25l\x1b[2J"
#define LEAVE "\x1b[m\x1b[2J\x1b[?25h\x1b[?1049l" /* cleared: a terminal that was resized may keep some */

bool terminal_is_there(void)
{
    const char *name = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !(name && strcmp(name, "dumb") == 0);
}

void terminal_size(unsigned *width, unsigned *height)
{
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    *width = known && size.ws_col ? size.ws_col : 80;
    *height = known && size.ws_row ? size.ws_row : 24;
}

bool terminal_write(const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, at, length);
        if (written > 0) {
            at += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = STDOUT_FILENO, .events = POLLOUT};
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static void put_right(const struct termios *before)
{
    terminal_write(LEAVE, sizeof LEAVE - 1);
    tcsetattr(STDIN_FILENO, TCSADRAIN, before);
}

static struct termios raw_of(const struct termios *before)
{
    struct termios raw = *before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    return raw;
}

/* A shell that saw its child die may have set modes of its own by now; those stay. */
static void put_right_after_death(const struct termios *before)
{
    struct termios now, raw = raw_of(before);
    bool ours = tcgetattr(STDIN_FILENO, &now) == 0 && !(now.c_lflag & (ICANON | ECHO)) &&
                now.c_cc[VMIN] == raw.c_cc[VMIN] && now.c_cc[VTIME] == raw.c_cc[VTIME];
    terminal_write(LEAVE, sizeof LEAVE - 1);
    if (ours)
        tcsetattr(STDIN_FILENO, TCSADRAIN, before);
}

/* The child: waits until the other end of the pipe is closed. A byte before that means that all is well. */
static _Noreturn void guard(int fd, const struct termios *before)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTOU, SIGPIPE};
    char byte;
    ssize_t got;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    do
        got = read(fd, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        put_right_after_death(before);
    _exit(0);
}

/* Without the child things still work, but after a crash. */
static int start_guard(const struct termios *before)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    signal(SIGCHLD, SIG_IGN); /* nobody waits for it */
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        guard(ends[0], before);
    }
    close(ends[0]);
    if (pid > 0)
        return ends[1];
    close(ends[1]);
    return -1;
}

bool terminal_resume(const struct terminal *terminal)
{
    struct termios raw = raw_of(&terminal->before);
    return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 && terminal_write(ENTER, sizeof ENTER - 1);
}

void terminal_suspend(const struct terminal *terminal)
{
    put_right(&terminal->before);
}

bool terminal_open(struct terminal *terminal)
{
    *terminal = (struct terminal){.guard_fd = -1};
    if (tcgetattr(STDIN_FILENO, &terminal->before) < 0)
        return false;
    terminal->guard_fd = start_guard(&terminal->before);
    return true;
}

bool terminal_enter(struct terminal *terminal)
{
    terminal->entered = terminal_resume(terminal);
    return terminal->entered;
}

void terminal_leave(struct terminal *terminal)
{
    if (terminal->entered)
        put_right(&terminal->before);
    terminal->entered = false;
    if (terminal->guard_fd < 0)
        return;
    if (write(terminal->guard_fd, "", 1) == 1)
        close(terminal->guard_fd);
    terminal->guard_fd = -1;
}
