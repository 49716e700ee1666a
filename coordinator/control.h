#ifndef R3E_COORDINATOR_CONTROL_H
#define R3E_COORDINATOR_CONTROL_H
/* The control socket: takes r3ectl's requests one by one, has them carried out, and answers.
 *
 * Nothing waits here. An answer to what was written to the store goes out when that is on disk, so what was
 * promised survives a power cut; an answer that cannot be sent at once is dropped (the client asks again).
 * What cannot be used is refused in words, counted, and logged at powers of two. One thread. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/control_commands.h"

struct control;

/* `socket` is a bound ROUTER; it and everything in `parts` are borrowed for its life. */
struct control *control_open(void *socket, const struct control_parts *parts);
void control_close(struct control **pointer);

/* Loop handler of the control socket. */
void control_readable(void *context);

/* Sends the answers that waited for a commit. To be called in every round. */
void control_tick(struct control *control);

/* Requests that were refused because they could not be used. */
uint64_t control_bad_requests(const struct control *control);

#endif
