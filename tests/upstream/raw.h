// Writes an HTTP answer to a socket by hand, as slowly or as wrongly as a fault wants.
#pragma once

#include "tests/upstream/replies.h"

#include <stdbool.h>
#include <stdint.h>

// The write of one REPLY_RAW.
struct raw {
    int fd; // borrowed, non-blocking; nobody else may use it meanwhile
    const struct reply *reply;
    size_t written;
};

// Writes what may be written now. Returns the time (monotonic, microseconds) of the next call, or 0 when the
// answer is complete or the client has gone; then the owner closes the connection. With `reply->reset` it is
// reset already.
uint64_t raw_write(struct raw *raw, uint64_t now_us);
