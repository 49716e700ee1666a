#ifndef R3E_COORDINATOR_CTL_STATUS_CLIENT_H
#define R3E_COORDINATOR_CTL_STATUS_CLIENT_H
/* Listens to a coordinator's status socket. The coordinator sends the summary twice a second, and at once to
 * who has just come; so silence means that nobody is there. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "coordinator/ctl/command.h"
#include "coordinator/ctl/summary.h"

#define STATUS_CLIENT_SILENCE_MS 5000 /* then nobody is there */

struct status_client;

enum status_event {
    STATUS_EVENT_SUMMARY,
    STATUS_EVENT_SILENCE, /* nothing came for STATUS_CLIENT_SILENCE_MS */
    STATUS_EVENT_SIGNAL,  /* SIGINT or SIGTERM */
};

/* Where the status socket is: `connect` if given, else that of the configuration at `config_path`, else an
 * error on standard error that asks for one of them (`name` is the command's). From then on SIGINT and
 * SIGTERM are events. NULL: `*code` is the exit code. */
struct status_client *status_client_open(const struct ctl_globals *where, const char *name, int *code);
void status_client_close(struct status_client **pointer);

/* Waits for the next event. STATUS_EVENT_SUMMARY fills `*summary`; the JSON itself is in `*json` until the
 * next call (`json` may be NULL). Messages that are no summaries are passed over. */
enum status_event status_client_next(
    struct status_client *client, struct summary *summary, struct text *json);

/* Says on standard error that nobody is there and what to do. Returns the exit code. */
int status_client_nobody(const struct status_client *client, const char *name);

#endif
