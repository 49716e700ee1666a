// One JSON line for each request.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct request_log;

struct request_log_line {
    uint64_t arrived_us; // monotonic
    uint64_t connection; // number of the connection, from 1
    bool listing;        // the next four are meaningful
    uint32_t track_id, class_id, start, count;
    unsigned status;
    const char *user_agent;     // NULL: not sent
    const char *requested_with; // NULL: not sent
};

// NULL: the reason is on standard error. An existing file is emptied.
struct request_log *request_log_open(const char *file);
void request_log_close(struct request_log *log);

// Writes the line at once, with the wall time of now.
void request_log_write(struct request_log *log, const struct request_log_line *line);
