#ifndef R3E_COORDINATOR_OPTIONS_H
#define R3E_COORDINATOR_OPTIONS_H
/* The coordinator's command line. */
#include <stdbool.h>
#include <stddef.h>

struct options {
    const char *config_path; /* borrowed from argv; NULL: none given */
    const char **overrides;  /* owned list of "group.key=value" borrowed from argv */
    size_t override_count;
    bool once;         /* fetch what is due, export, exit */
    bool check;        /* only check configuration and catalogue */
    bool print_config; /* only print the configuration in force */
};

enum options_outcome {
    OPTIONS_RUN,  /* go on */
    OPTIONS_DONE, /* --help or --version was answered: exit 0 */
    OPTIONS_WRONG /* a message was written to standard error: exit 2 */
};

/* Takes the command line apart. Release with options_free whatever the outcome. */
enum options_outcome options_parse(struct options *options, int argc, char **argv);

void options_free(struct options *options);

#endif
