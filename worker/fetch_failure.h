#ifndef R3E_WORKER_FETCH_FAILURE_H
#define R3E_WORKER_FETCH_FAILURE_H
/* How a request ended, in the project's terms. */
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "common/protocol.h"

struct fetch_ending {
    CURLcode code;
    enum failure own_failure; /* FAILURE_TOO_LARGE: a limit of ours stopped it; else FAILURE_NONE */
    uint64_t http_status;     /* 0: none */
    size_t header_bytes, header_bytes_most;
    uint64_t body_bytes, body_bytes_most;
    const char *error; /* curl's own words; may be empty */
};

/* FAILURE_NONE for a whole answer with status 200; else the failure, and in `problem` what happened. */
enum failure fetch_failure_explain(
    const struct fetch_ending *ending, char problem[static PROTOCOL_TEXT_SIZE]);

#endif
