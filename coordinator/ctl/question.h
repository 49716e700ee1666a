#ifndef R3E_COORDINATOR_CTL_QUESTION_H
#define R3E_COORDINATOR_CTL_QUESTION_H
/* What the commands share that ask the control socket and take no option of their own (`board`, `failed`,
 * `names`): their way from the command line to an answer, and lists that come in parts. */
#include <stdbool.h>

#include <cjson/cJSON.h>

#include "coordinator/ctl/control_client.h"
#include "coordinator/ctl/simple_options.h"

struct question {
    const char *name;   /* the command's */
    int fewest, most;   /* words, and … */
    const char *wanted; /* … which, for an error */
    int (*ask)(struct control_client *client, const struct simple_options *options); /* the exit code */
};

/* Parses the command line, connects, asks. Returns the exit code. */
int question_run(const struct question *question, const struct ctl_globals *globals, int argc, char **argv);

/* Asks for a list (`failed`, `names`) until all parts of it have come. `take` gets the `details` of each
 * (printable, as told.h says) and returns false if they cannot be used. False after saying what is wrong;
 * some may have been taken. */
bool question_parts(struct control_client *client, const char *name, enum control_command command,
    bool (*take)(void *context, const cJSON *details), void *context);

#endif
