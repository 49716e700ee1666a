// What is answered to /robots.txt.
#pragma once

#include "tests/upstream/options.h"
#include "tests/upstream/replies.h"

struct robots {
    struct text text;
    uint32_t requests; // so far, while --robots-status has something to count
};

// Reads the file, or takes the text that allows everything if `file` is NULL. False: the reason is on
// standard error.
bool robots_read(struct robots *robots, const char *file);
void robots_free(struct robots *robots);

// `reply` has status 200 and no body yet.
void robots_reply(struct robots *robots, struct reply *reply, const struct options *options);
