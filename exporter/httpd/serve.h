#ifndef R3E_EXPORTER_HTTPD_SERVE_H
#define R3E_EXPORTER_HTTPD_SERVE_H
/* The web server: libmicrohttpd with limits, and which request gets which answer. */
#include <stdint.h>

#include "exporter/httpd/public_folder.h"
#include "exporter/httpd/status_feed.h"

/* At most so many connections at a time, and so long without a byte; see connections.h too. */
#define SERVE_CONNECTIONS_MAX 512
#define SERVE_CONNECTIONS_MIN 16
#define SERVE_IDLE_TIMEOUT_S  20

struct serve;

/* Answers requests on the listening socket, in threads of its own, until serve_close; takes the socket.
 * `folder` and `feed` are borrowed; without a feed (NULL) there is no /metrics. At most `connections_max`
 * connections at a time, from SERVE_CONNECTIONS_MIN on. NULL: libmicrohttpd could not
 * start (no memory, no threads). Signals that the main thread waits for must be blocked before. */
struct serve *serve_open(
    const struct public_folder *folder, struct status_feed *feed, int listen_fd, unsigned connections_max);

/* To be called a few times each second: ends connections whose time is over. */
void serve_tick(struct serve *serve, int64_t now_ms);

/* Ends every connection at once, clears the pointer. */
void serve_close(struct serve **serve);

#endif
