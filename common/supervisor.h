#ifndef R3E_COMMON_SUPERVISOR_H
#define R3E_COMMON_SUPERVISOR_H
/* Keeps a number of children of one kind alive.
 *
 * A child that ends in good order (exit code 0 after it had worked) is replaced at once. One that ends badly,
 * or before it did anything useful, makes the whole kind wait: 1 s, 2 s, … up to a minute, with a random
 * addition of up to a half, until one has worked. All times are monotonic milliseconds, given by the caller.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"
#include "common/process.h"

#define SUPERVISOR_CHILDREN_MAX 256

struct supervisor;

/* In the child: returns its exit code. It sets `*worked` once it has done something useful; the flag is in
 * memory that parent and child share. */
typedef int (*supervisor_run)(void *context, atomic_bool *worked);

struct supervisor_options {
    const char *kind;             /* for the log: "worker" */
    const char *const *arguments; /* program to start, borrowed for the supervisor's life; or NULL, and: */
    const struct process_limits *limits; /* of that program, borrowed too; NULL: ours */
    supervisor_run run;                  /* what a forked child does; see process_fork for who may */
    void *run_context;
    unsigned count; /* at most SUPERVISOR_CHILDREN_MAX */
};

/* Starts nothing yet. Children are watched through `loop`. */
struct supervisor *supervisor_open(struct loop *loop, const struct supervisor_options *options);

/* Kills and reaps what is left. */
void supervisor_close(struct supervisor **pointer);

/* Starts what is missing; returns milliseconds until it wants to be called again. */
int64_t supervisor_tick(struct supervisor *supervisor, int64_t now_ms);

/* A child started as a program has done useful work: its kind is healthy again. Unknown pids are ignored. */
void supervisor_worked(struct supervisor *supervisor, pid_t pid);

/* Sends `signal` to each child; they are replaced, and ending is not held against them. From now on `count`
 * are kept alive, of the program and arguments that the options' list names now. */
void supervisor_restart(struct supervisor *supervisor, unsigned count, int signal);

/* From now on nothing is started; each child is sent `signal` (0: none). */
void supervisor_stop(struct supervisor *supervisor, int signal);

/* True if none is alive, or one has ended and was not noticed yet: its own children die of that. */
bool supervisor_is_broken(const struct supervisor *supervisor);

/* Children alive now, and how many have died badly so far. */
unsigned supervisor_alive(const struct supervisor *supervisor);
uint64_t supervisor_crashed(const struct supervisor *supervisor);

/* The pids of the children alive; returns how many were written to `out`. */
unsigned supervisor_pids(const struct supervisor *supervisor, pid_t *out, unsigned max);

/* Called with the pid of a child that has been reaped. */
typedef void (*supervisor_ended)(void *context, pid_t pid, const struct process_end *end);
void supervisor_on_end(struct supervisor *supervisor, supervisor_ended callback, void *context);

#endif
