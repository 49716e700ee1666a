#include "common/process.h"

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

/* Reports errno through `report_fd` if exec fails. */
_Noreturn static void run_program(const struct process_options *options, pid_t parent, int report_fd)
{
    if (become_child(parent) && (options->stdout_fd < 0 || dup2(options->stdout_fd, STDOUT_FILENO) >= 0)) {
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

bool process_start(struct process *process, const struct process_options *options)
{
    int report[2];
    *process = PROCESS_NONE;
    if (pipe2(report, O_CLOEXEC) < 0)
        return false;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        run_program(options, parent, report[1]);
    int code = pid < 0 ? errno : 0;
    close(report[1]);
    int pid_fd = -1;
    if (pid > 0) {
        code = exec_error(report[0]);
        pid_fd = code ? -1 : pidfd_open(pid, 0);
        if (!code && pid_fd < 0) {
            code = errno;
            kill(pid, SIGKILL);
        }
        if (code)
            waitpid(pid, NULL, 0);
    }
    close(report[0]);
    if (code) {
        errno = code;
        return false;
    }
    *process = (struct process){.pid = pid, .pid_fd = pid_fd};
    return true;
}

bool process_fork(struct process *process, int (*run)(void *context), void *context)
{
    *process = PROCESS_NONE;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0) {
        bool orphan = !become_child(parent);
        close_range(STDERR_FILENO + 1, UINT_MAX, 0);
        exit(orphan ? EXIT_FAILURE : run(context));
    }
    int pid_fd = pidfd_open(pid, 0);
    if (pid_fd < 0) {
        int saved = errno;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        errno = saved;
        return false;
    }
    *process = (struct process){.pid = pid, .pid_fd = pid_fd};
    return true;
}

bool process_reap(struct process *process, struct process_end *end)
{
    siginfo_t info = {0};
    if (process->pid == 0 || waitid(P_PIDFD, (id_t)process->pid_fd, &info, WEXITED | WNOHANG) < 0 ||
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
        pidfd_send_signal(process->pid_fd, signal, NULL, 0);
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
