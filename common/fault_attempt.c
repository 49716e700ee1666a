#include "common/fault_attempt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/endpoint.h"
#include "common/log.h"

static const char *const names[] = {
#define X(identifier, name) [identifier] = name,
    FAULT_ATTEMPTS(X)
#undef X
};

/* Closes what was opened, and gives its errno: 0 if it was. */
static int outcome_of(int fd)
{
    int error = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error;
}

/* In a child, which tells errno by its exit code. */
static int try_to_run(const char *program)
{
    char name[] = "attempt";
    char *const arguments[] = {name, NULL};
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execv(program, arguments);
        _exit(errno);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* As TCP by IPv4; `act` is connect or bind. */
static int try_address(const char *target, int (*act)(int, const struct sockaddr *, socklen_t), bool listens)
{
    struct endpoint endpoint;
    const char *problem;
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (!endpoint_parse_address(target, &endpoint, &problem) ||
        inet_pton(AF_INET, endpoint.host, &address.sin_addr) != 1)
        log_fatal("attempt: %s is not IPV4:PORT", target);
    address.sin_port = htons((uint16_t)endpoint.port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error = fd < 0 || act(fd, (struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
    if (error == 0 && listens && listen(fd, 1) < 0)
        error = errno;
    if (fd >= 0)
        close(fd);
    return error;
}

static int try(enum fault_attempt attempt, const char *target)
{
    switch (attempt) {
    case FAULT_ATTEMPT_READ:
        return outcome_of(open(target, O_RDONLY | O_CLOEXEC));
    case FAULT_ATTEMPT_WRITE:
        return outcome_of(open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    case FAULT_ATTEMPT_REMOVE:
        return unlink(target) < 0 ? errno : 0;
    case FAULT_ATTEMPT_RUN:
        return try_to_run(target);
    case FAULT_ATTEMPT_CONNECT:
        return try_address(target, connect, false);
    case FAULT_ATTEMPT_LISTEN:
        return try_address(target, bind, true);
    case FAULT_ATTEMPT_CALL:
        return syscall(strtol(target, NULL, 10), 0, 0, 0, 0, 0, 0) < 0 ? errno : 0;
    case FAULT_ATTEMPT_SIGNAL:
        return kill((pid_t)strtol(target, NULL, 10), SIGTERM) < 0 ? errno : 0;
    case FAULT_ATTEMPT_COUNT:
        break;
    }
    log_bug("attempt %d", (int)attempt);
}

const char *fault_attempt_name(enum fault_attempt attempt)
{
    return names[attempt];
}

void fault_attempt(enum fault_attempt attempt, const char *target)
{
    int error = try(attempt, target);
    log_warn("attempt: %s %s: %s", names[attempt], target, error ? strerror(error) : "it was done");
}
