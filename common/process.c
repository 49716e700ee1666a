#include "common/process.h"
#include "common/fault_point.h"
#include "common/sanitized.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: only async-signal-safe calls. False if the parent died before prctl took effect. */
static bool become_child(pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return getppid() == parent;
}

/* How the parent notices the child's end: a pidfd, or, where the system has none (before Linux 5.3, under
 * valgrind 3.19), the read end of a pipe whose write end only the child holds. */
struct lifeline {
    bool has_pid_fd;
    int ends[2]; /* of the pipe; -1: none */
};

static bool open_lifeline(struct lifeline *lifeline)
{
    int probe = pidfd_open(getpid(), 0);
    *lifeline = (struct lifeline){.has_pid_fd = probe >= 0, .ends = {-1, -1}};
    if (probe >= 0)
        close(probe);
    return probe >= 0 || (errno == ENOSYS && pipe2(lifeline->ends, O_CLOEXEC) == 0);
}

/* In the child: only its end stays, also over an exec. */
static void hold_lifeline(const struct lifeline *lifeline)
{
    if (!lifeline->has_pid_fd)
        fcntl(lifeline->ends[1], F_SETFD, 0);
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* In the parent: the descriptor that shows the end of `pid` (0: there is no child), or -1. */
static int take_lifeline(struct lifeline *lifeline, pid_t pid)
{
    close_end(&lifeline->ends[1]);
    if (pid > 0 && lifeline->has_pid_fd)
        return pidfd_open(pid, 0);
    if (pid > 0)
        return lifeline->ends[0];
    close_end(&lifeline->ends[0]);
    return -1;
}

/* Reports errno through `report_fd` if exec fails. */
_Noreturn static void run_program(
    const struct process_options *options, pid_t parent, const struct lifeline *lifeline, int report_fd)
{
    hold_lifeline(lifeline);
    if (become_child(parent) && (options->stdout_fd < 0 || dup2(options->stdout_fd, STDOUT_FILENO) >= 0)) {
        /* Where the system refuses one (valgrind 3.19), a child with that limit of its parent's is better
         * than none. */
        if (options->limits)
            (void)process_limits_set(options->limits);
        union {
            const char *const *in;
            char *const *out;
        } arguments = {options->arguments};
        execv(options->arguments[0], arguments.out);
    }
    int saved = errno;
    ssize_t ignored = write(report_fd, &saved, sizeof saved);
    (void)ignored;
    _exit(127);
}

/* Waits for exec: the pipe closes without a word, or carries errno. The wait is as long as an exec. */
static int exec_error(int fd)
{
    int code = 0;
    ssize_t got;
    do
        got = read(fd, &code, sizeof code);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof code ? code : 0;
}

/* Takes a child over, or, if `code` says that something went wrong, ends it. False with errno set to the
 * cause. */
static bool adopt(struct process *process, struct lifeline *lifeline, pid_t pid, int code)
{
    int fd = take_lifeline(lifeline, code ? 0 : pid);
    if (!code && fd < 0)
        code = errno;
    if (code && pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    errno = code;
    if (!code)
        *process = (struct process){.pid = pid, .pid_fd = fd};
    return !code;
}

bool process_start(struct process *process, const struct process_options *options)
{
    struct lifeline lifeline;
    int report[2];
    *process = PROCESS_NONE;
    if (!open_lifeline(&lifeline))
        return false;
    if (pipe2(report, O_CLOEXEC) < 0) {
        int saved = errno;
        take_lifeline(&lifeline, 0);
        errno = saved;
        return false;
    }
    pid_t parent = getpid();
    pid_t pid = FAULT_FAIL(SPAWN_BEFORE) ? -1 : fork();
    if (pid == 0)
        run_program(options, parent, &lifeline, report[1]);
    int code = pid < 0 ? errno : 0;
    close(report[1]);
    if (pid > 0)
        code = exec_error(report[0]);
    close(report[0]);
    FAULT_POINT(SPAWN_AFTER);
    return adopt(process, &lifeline, pid, code);
}

/* In the child: all descriptors but the standard ones and its lifeline. */
static void close_others(const struct lifeline *lifeline)
{
    int first = STDERR_FILENO + 1;
    if (!lifeline->has_pid_fd)
        dup2(lifeline->ends[1], first++);
    closefrom(first);
}

/* Not through the exit handlers of libraries, which tidy up what ends with the process anyway, and copy every
 * page they touch from the parent; but a sanitizer wants to look for leaks. */
static _Noreturn void end_child(int code)
{
    if (SANITIZED)
        exit(code);
    _exit(code);
}

bool process_fork(struct process *process, int (*run)(void *context), void *context)
{
    struct lifeline lifeline;
    *process = PROCESS_NONE;
    if (!open_lifeline(&lifeline))
        return false;
    pid_t parent = getpid();
    pid_t pid = FAULT_FAIL(POOL_BEFORE_FORK) ? -1 : fork();
    if (pid == 0) {
        bool orphan = !become_child(parent);
        close_others(&lifeline);
        end_child(orphan ? EXIT_FAILURE : run(context));
    }
    int code = pid < 0 ? errno : 0;
    FAULT_POINT(POOL_AFTER_FORK);
    return adopt(process, &lifeline, pid, code);
}

/* Until it is reaped the pid is the child's and nobody else's, so pid is as good as pidfd here. */
bool process_reap(struct process *process, struct process_end *end)
{
    siginfo_t info = {0};
    if (process->pid == 0 || waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG) < 0 ||
        info.si_pid == 0)
        return false;
    bool exited = info.si_code == CLD_EXITED;
    *end = (struct process_end){
        .exit_code = exited ? info.si_status : -1, .signal = exited ? 0 : info.si_status};
    close(process->pid_fd);
    *process = PROCESS_NONE;
    return true;
}

void process_signal(const struct process *process, int signal)
{
    if (process->pid)
        kill(process->pid, signal);
}

bool process_find_program(const char *folder, const char *name, char *out, size_t size)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return false;
    self[length] = 0;
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = 0;
    int beside = snprintf(out, size, "%s/%s", self, name);
    if (beside > 0 && (size_t)beside < size && access(out, X_OK) == 0)
        return true;
    int sibling = snprintf(out, size, "%s/../%s/%s", self, folder, name);
    if (sibling > 0 && (size_t)sibling < size && access(out, X_OK) == 0)
        return true;
    errno = ENOENT;
    return false;
}

bool process_memory(pid_t pid, uint64_t *pss_kb, uint64_t *rss_kb)
{
    char path[64], line[256];
    *pss_kb = *rss_kb = 0;
    int length = snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "Pss:", 4) == 0)
            *pss_kb = strtoull(line + 4, NULL, 10);
        else if (strncmp(line, "Rss:", 4) == 0)
            *rss_kb = strtoull(line + 4, NULL, 10);
    }
    bool ok = !ferror(file);
    fclose(file);
    return ok;
}

unsigned process_descriptor_count(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count >= 3 ? count - 3 : 0; /* "." and ".." and the folder's own */
}
