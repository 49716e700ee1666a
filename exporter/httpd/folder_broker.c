#include "exporter/httpd/folder_broker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"
#include "exporter/httpd/confine.h"
#include "exporter/httpd/url_path.h"

#define BROKER_FD (STDERR_FILENO + 1)

struct folder_broker {
    int fd;
    pid_t pid;
    pthread_mutex_t mutex; /* one question at a time */
};

/* An answer is an errno, 0 with a descriptor beside it. */
union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr header;
};

/* ---- the broker ---- */

static bool answer(int to, int file, int error)
{
    union control control = {0};
    struct iovec part = {.iov_base = &error, .iov_len = sizeof error};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (error == 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        control.header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof file), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &file, sizeof file);
    }
    return sendmsg(to, &message, MSG_NOSIGNAL) >= 0;
}

/* Until the server has closed its end. */
static void serve(int from, const struct public_folder *folder)
{
    char path[URL_PATH_SIZE];
    bool ok = true;
    while (ok) {
        ssize_t length = recv(from, path, sizeof path - 1, 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            return;
        path[length] = 0;
        int file = public_folder_open_below(folder, path);
        ok = answer(from, file, file < 0 ? errno : 0);
        if (file >= 0)
            close(file);
    }
}

_Noreturn static void run(int fd, pid_t parent, const struct public_folder *folder)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* All descriptors but its own: the listening socket above all. The terminal's signals are the server's.
     */
    if (getppid() != parent || dup2(fd, BROKER_FD) < 0)
        _exit(EXIT_FAILURE);
    closefrom(BROKER_FD + 1);
    confine_broker(folder->path);
    serve(BROKER_FD, folder);
    _exit(EXIT_SUCCESS);
}

/* ---- the server ---- */

struct folder_broker *folder_broker_start(const struct public_folder *folder)
{
    int ends[2];
    pid_t parent = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return NULL;
    pid_t pid = fork();
    if (pid == 0)
        run(ends[1], parent, folder);
    int saved = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = saved;
        return NULL;
    }
    struct folder_broker *broker = memory_zalloc(1, sizeof *broker);
    broker->fd = ends[0];
    broker->pid = pid;
    pthread_mutex_init(&broker->mutex, NULL);
    return broker;
}

/* False: it is gone. */
static bool ask(int broker, const char *path, int *file, int *error)
{
    union control control = {0};
    struct iovec part = {.iov_base = error, .iov_len = sizeof *error};
    struct msghdr message = {.msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes};
    ssize_t got;
    *file = -1;
    if (send(broker, path, strlen(path), MSG_NOSIGNAL) < 0)
        return false;
    do
        got = recvmsg(broker, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof *error)
        return false;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof *file))
        memcpy(file, CMSG_DATA(header), sizeof *file);
    else if (*error == 0)
        *error = EMFILE; /* it was sent, and we had no place for it */
    return true;
}

int folder_broker_open_below(struct folder_broker *broker, const char *path)
{
    int file, error;
    size_t length = strlen(path);
    if (length == 0 || length >= URL_PATH_SIZE) {
        errno = ENAMETOOLONG;
        return -1;
    }
    pthread_mutex_lock(&broker->mutex);
    bool there = ask(broker->fd, path, &file, &error);
    pthread_mutex_unlock(&broker->mutex);
    if (!there)
        log_fatal("the process that opens files of a new public folder is gone: %s", strerror(errno));
    errno = error;
    return file;
}

void folder_broker_close(struct folder_broker **pointer)
{
    struct folder_broker *broker = *pointer;
    if (!broker)
        return;
    close(broker->fd);
    while (waitpid(broker->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    pthread_mutex_destroy(&broker->mutex);
    free(broker);
    *pointer = NULL;
}
