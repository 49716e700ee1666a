#ifndef R3E_WORKER_OPTIONS_H
#define R3E_WORKER_OPTIONS_H
/* The worker's command line. */
#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "worker/connection.h"
#include "worker/reach.h"

struct options {
    const char *key_path, *server_key_path; /* NULL: none */
    const char *endpoint; /* of the coordinator's jobs socket; borrowed from argv, as all strings */
    unsigned pool;        /* workers to keep alive; 0: be one */
    int64_t exit_deadline_ms;
    struct client_keys keys; /* read from their files */
    bool allow_insecure;     /* plain text beyond this host */
    struct reach reach;      /* --tcp-ports, --no-sandbox */
    enum log_level log_level;
    enum log_format log_format;
};

enum options_outcome {
    OPTIONS_RUN,  /* go on */
    OPTIONS_DONE, /* --help or --version was answered: exit 0 */
    OPTIONS_WRONG /* a message was written to standard error: exit 2 */
};

/* Reads the key files, too. */
enum options_outcome options_parse(struct options *options, int argc, char **argv);

#endif
