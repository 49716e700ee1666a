// What is sent: the right answer to a listing request, or the one that a fault wants.
#pragma once

#include "tests/upstream/faults.h"
#include "tests/upstream/page.h"

#include <stdint.h>

enum reply_kind {
    REPLY_BODY,   // status, header and `body`
    REPLY_STREAM, // status, header, then `head`, `repeat` times `block`, `tail`; length not announced
    REPLY_RAW,    // `body` holds the whole HTTP answer, to be written to the socket as it is
};

enum { REPLY_HEADERS_MAX = 3, REPLY_HEADER_VALUE_MAX = 512 };

struct reply {
    enum reply_kind kind;
    unsigned status;
    const char *content_type; // NULL: none
    struct {
        const char *name;
        char value[REPLY_HEADER_VALUE_MAX];
    } headers[REPLY_HEADERS_MAX];
    size_t header_count;
    bool compressible; // may be sent as gzip if the service does so
    uint64_t delay_ms; // before anything is sent

    struct text body; // owned; the caller may give one with memory in it
    struct text block, tail;
    uint32_t repeat;

    size_t slow_from, slow_to; // raw: the bytes that go one by one …
    uint32_t pause_ms;         // … with such a pause
    bool reset;                // raw: ends with a TCP reset
};

void reply_free(struct reply *reply);

// Adds a header field; `value` as by printf, at most 511 bytes. `name` is not copied.
void reply_add_header(struct reply *reply, const char *name, const char *value, ...)
    __attribute__((format(printf, 3, 4)));

// The right answer.
void reply_listing(struct reply *reply, const struct world *world, const struct page_request *request);

// The answer that `fault` wants. `target` is the request's path with its query, `port` the service's own.
void reply_fault(struct reply *reply, const struct world *world, const struct page_request *request,
    const struct fault *fault, const char *target, unsigned port);

// A short text with an error status.
void reply_error(struct reply *reply, unsigned status, const char *message);

// Adds Retry-After as a date `seconds` from now.
void reply_add_retry_date(struct reply *reply, uint32_t seconds);
