// The HTTP side: one thread with epoll (libmicrohttpd) that answers everything; what has to wait is
// suspended.
#pragma once

#include "tests/upstream/delays.h"
#include "tests/upstream/options.h"
#include "tests/upstream/stats.h"
#include "tests/upstream/world.h"

struct server;

// Starts to serve. NULL: the reason is on standard error. All three must outlive the server; somebody must
// run `delays` meanwhile.
struct server *server_start(const struct options *options, const struct world *world, struct delays *delays);

// The port it listens on.
unsigned server_port(const struct server *server);

// Ends all connections and the thread. Call delays_stop() first.
void server_stop(struct server *server);

// Precondition: stopped.
const struct stats *server_stats(const struct server *server);

// Precondition: stopped.
void server_free(struct server *server);
