#ifndef R3E_COMMON_PROCESS_H
#define R3E_COMMON_PROCESS_H
/* Child processes: watched by pidfd, ended with their parent.
 *
 * Neither a ZeroMQ context nor an LMDB environment survives a fork, so a process that has either starts
 * children by fork and exec at once, with nothing but async-signal-safe calls in between; every descriptor of
 * ours is close-on-exec. A process that has neither, nor threads, may fork a child that goes on in the same
 * program: the dynamic linker's work, 13 ms for a program with libcurl and libzmq, is then done once for all.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/process_limits.h"

struct process {
    pid_t pid;  /* 0: none */
    int pid_fd; /* readable when the process has ended (pidfd_open(2), or a pipe where there is none); -1:
                   none */
};

#define PROCESS_NONE ((struct process){.pid_fd = -1})

struct process_options {
    const char *const *arguments;        /* NULL-terminated; the first is the path of the program */
    int stdout_fd;                       /* becomes its standard output; -1: inherited */
    const struct process_limits *limits; /* as far as the system lets it; NULL: those of its parent */
};

/* Starts a program with default signal dispositions, an empty signal mask and SIGKILL as parent-death signal.
 * False with errno set: EAGAIN (process limit), EMFILE, or what exec said (ENOENT: no such program). */
bool process_start(struct process *process, const struct process_options *options);

/* Forks a child that calls `run(context)` and ends with what it returns, without exit handlers: default
 * signal dispositions, an empty signal mask, SIGKILL as parent-death signal, and no descriptor but the three
 * standard ones. Only for a process without threads, ZeroMQ's sockets and LMDB. False with errno set, as
 * above. */
bool process_fork(struct process *process, int (*run)(void *context), void *context);

struct process_end {
    int exit_code; /* -1 if a signal ended it */
    int signal;    /* 0 if it exited */
};

/* Reaps without waiting. True once it has ended: `*end` is filled and the process becomes PROCESS_NONE. */
bool process_reap(struct process *process, struct process_end *end);

/* Sends a signal; nothing happens if it has ended. Cannot hit another process that got the same pid. */
void process_signal(const struct process *process, int signal);

/* Writes the path of one of our programs to `out`: beside the running executable, or, in a build folder, in
 * the sibling folder `folder`. False with errno ENOENT if there is none. */
bool process_find_program(const char *folder, const char *name, char *out, size_t size);

/* Proportional and resident memory of a process in KiB (/proc/PID/smaps_rollup); false if it is gone. */
bool process_memory(pid_t pid, uint64_t *pss_kb, uint64_t *rss_kb);

/* Open descriptors of this process. */
unsigned process_descriptor_count(void);

#endif
