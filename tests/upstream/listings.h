// Requests for listings: what they ask for and what they get.
#pragma once

#include "tests/upstream/options.h"
#include "tests/upstream/replies.h"
#include "tests/upstream/world.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#define LISTING_PATH "/leaderboard/listing/0"

struct listing {
    uint32_t track_id, class_id;
    uint32_t start, count; // count: capped as the real service does
    bool valid;            // both ids were given
    bool redirected;       // came here by one of our own redirects, so no fault applies
    bool scripted;         // has the header that asks for JSON
};

struct listing listing_parse(struct MHD_Connection *connection);

// Composes the answer, faults included. `port`: the service's own.
void listing_reply(struct reply *reply, const struct listing *listing, const struct options *options,
    const struct world *world, unsigned port);

// Composes the answer to a request above the rate limit.
void listing_reply_too_many(struct reply *reply, const struct options *options);

// Composes the page that browsers get. `session`: the value of the cookie to set, or NULL.
void listing_reply_html(struct reply *reply, const char *session);
