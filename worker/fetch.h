#ifndef R3E_WORKER_FETCH_H
#define R3E_WORKER_FETCH_H
/* HTTP requests, one at a time, over one kept-alive connection (libcurl), within the event loop.
 *
 * Everything is bounded: time to connect, whole time, too slow for too long, bytes of header, bytes of body
 * after decompression. Only http and https are spoken, certificates are checked, redirects are not followed
 * but reported. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/loop.h"
#include "common/protocol.h"

#define FETCH_URL_SIZE 2048

struct fetch_options {
    const char *user_agent;
    int64_t connect_timeout_ms, timeout_ms;
    uint64_t max_response_bytes;
    bool cookies; /* keep what the service sets, in memory */
};

struct fetch_result {
    enum failure failure;             /* FAILURE_NONE: status 200 and the whole body is there */
    char problem[PROTOCOL_TEXT_SIZE]; /* in words, unless FAILURE_NONE */
    uint64_t http_status;             /* 0: no answer came */
    uint64_t retry_after_ms;
    uint64_t bytes, duration_ms;
    char redirect[FETCH_URL_SIZE]; /* with FAILURE_REDIRECT: the absolute address, empty if unusable */
};

/* `body` is fetch's and may be changed by the callback, until the next request. A new request may be started
 * from the callback. */
typedef void (*fetch_done)(void *context, const struct fetch_result *result, struct buffer *body);

/* What is asked for, which the request's header says. */
enum fetch_kind { FETCH_LISTING, FETCH_PAGE, FETCH_ROBOTS, FETCH_KINDS };

struct fetch;

/* Starts nothing. TLS is set up with the first https address. Strings are copied. */
struct fetch *fetch_open(
    struct loop *loop, const struct fetch_options *options, fetch_done done, void *context);
void fetch_close(struct fetch **pointer);

/* Begins a request. `referer` may be NULL. There must be none under way. */
void fetch_start(struct fetch *fetch, const char *url, const char *referer, enum fetch_kind kind);

/* Drops the request under way, if any, without a callback. */
void fetch_abort(struct fetch *fetch);

/* Lets libcurl do what is due; returns milliseconds until it wants to be called again. */
int64_t fetch_tick(struct fetch *fetch, int64_t now_ms);

/* True if both addresses have the same scheme, host and port. */
bool fetch_same_origin(const char *left, const char *right);

#endif
