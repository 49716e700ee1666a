#ifndef R3E_COORDINATOR_CTL_NAMES_H
#define R3E_COORDINATOR_CTL_NAMES_H
/* The names of tracks and classes, asked of the coordinator: the catalogue in force, wherever r3ectl runs. */
#include <stdbool.h>

#include "common/catalogue.h"
#include "common/control_message.h"
#include "coordinator/ctl/control_client.h"

/* Fills a catalogue without superclasses; release it in both cases. False after saying what is wrong. */
bool names_fetch(struct control_client *client, const char *command, struct catalogue *catalogue);

/* Puts what these words name into the request's targets (target_words.h), asking the coordinator for names
 * only if there are any. On a terminal the person is asked which one is meant where several are; elsewhere
 * they are listed. `all`: all of them are meant. Returns the exit code, after saying what is wrong. */
int names_resolve(struct control_client *client, const char *command, unsigned count, char *const *words,
    bool all, struct control_request *request);

#endif
