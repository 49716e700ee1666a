#ifndef R3E_EXPORTER_HTTPD_OPTIONS_H
#define R3E_EXPORTER_HTTPD_OPTIONS_H

#include "common/config.h"
#include "exporter/httpd/status_feed.h"

/* Strings are borrowed from argv or from `config`. */
struct options {
    const char *public_dir;
    const char *listen; /* ADDRESS:PORT */
    const char *status; /* endpoint of the coordinator's status socket; NULL: none is listened to */
    const char *key_path, *server_key_path; /* both or none */
    struct client_keys keys;                /* read from those */
    bool sandbox;                           /* of the configuration, unless --no-sandbox */
    struct config config;                   /* its file, or all defaults */
};

enum options_outcome {
    OPTIONS_RUN,
    OPTIONS_DONE,  /* --help or --version was answered */
    OPTIONS_WRONG, /* what is wrong was written to standard error */
};

/* Reads the files that are named. Release with options_free, whatever the outcome: that overwrites the keys.
 */
enum options_outcome options_parse(struct options *options, int argc, char **argv);

void options_free(struct options *options);

#endif
