#ifndef R3E_COMMON_LOOP_H
#define R3E_COMMON_LOOP_H
/* The event loop of every daemon: one thread, poll(2) over ZeroMQ sockets and file descriptors.
 *
 * A round has always the same order: `tick` does all work that is due and says how long it may sleep; poll;
 * the handlers of what is readable, in the order they were added. Handlers may add and remove sources, their
 * own too. */
#include <stdbool.h>
#include <stdint.h>

#define LOOP_SLEEP_FOREVER INT64_MAX

struct loop;

typedef void (*loop_handler)(void *context);

/* Returns the milliseconds until it wants to be called again at the latest; it is also called after each
 * event. */
typedef int64_t (*loop_tick)(void *context, int64_t now_ms);

struct loop *loop_open(void);
void loop_close(struct loop **loop);

/* A ZeroMQ socket that wants reading. The handler must read until nothing is left or keep its own limit: it
 * is called again in the next round while something is there. */
void loop_add_socket(struct loop *loop, void *socket, loop_handler handler, void *context);

/* The same for a socket that nobody but its handler calls ZeroMQ with, as a PULL, a monitor, ZAP's. Whoever
 * uses a socket may take in what its descriptor would have told; where it is only the handler, the loop need
 * not ask such a socket before each wait, which is two system calls. */
void loop_add_own_socket(struct loop *loop, void *socket, loop_handler handler, void *context);

/* A file descriptor that wants reading; the caller keeps ownership. */
void loop_add_fd(struct loop *loop, int fd, loop_handler handler, void *context);

void loop_remove_socket(struct loop *loop, const void *socket);
void loop_remove_fd(struct loop *loop, int fd);

/* Runs until loop_stop. False with errno set if polling fails for a reason of ours (ENOMEM, ETERM). */
bool loop_run(struct loop *loop, loop_tick tick, void *context);

/* The round under way is finished, then loop_run returns. */
void loop_stop(struct loop *loop);

#endif
