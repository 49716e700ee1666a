// The command line.
#pragma once

#include "tests/upstream/faults.h"
#include "tests/upstream/world.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum retry_after { RETRY_AFTER_SECONDS, RETRY_AFTER_DATE, RETRY_AFTER_NONE };

struct options {
    struct sockaddr_in listen;
    struct world_options world;
    uint32_t tracks, classes;
    const char *catalogue_file; // NULL: made up
    uint32_t latency_min_ms, latency_max_ms;
    uint32_t rate, burst; // requests per second; 0: no limit
    enum retry_after retry_after;
    uint32_t retry_after_s;
    bool gzip;
    struct faults *faults; // owned
    const char *robots_file;
    uint32_t robots_status, robots_count; // 0: the file; the status in the first so many requests for it
    const char *log_file;
    const char *write_catalogue_file;
    const char *truth_file;
    bool serve; // after the truth was written
};

enum options_result { OPTIONS_OK, OPTIONS_DONE, OPTIONS_WRONG };

// OPTIONS_DONE: --help or --version was answered. OPTIONS_WRONG: the reason is on standard error.
// `options` must be freed in any case; strings in it are borrowed from `arguments`.
enum options_result options_parse(struct options *options, int count, char **arguments);
void options_free(struct options *options);
