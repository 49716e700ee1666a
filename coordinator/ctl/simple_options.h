#ifndef R3E_COORDINATOR_CTL_SIMPLE_OPTIONS_H
#define R3E_COORDINATOR_CTL_SIMPLE_OPTIONS_H
/* The command line of the commands that take nothing of their own: --config, --connect, --json, and words. */
#include <stdbool.h>

#include "coordinator/ctl/command.h"

struct simple_options {
    struct ctl_globals where;
    bool json;
    int word_count; /* words beside options … */
    char **words;   /* … borrowed from argv */
};

/* At least `fewest` and at most `most` words; `wanted` says which in an error ("a track and a class").
 * Returns the exit code, after saying what is wrong. */
int simple_options_parse(struct simple_options *options, const char *name, const struct ctl_globals *globals,
    int argc, char **argv, int fewest, int most, const char *wanted);

#endif
