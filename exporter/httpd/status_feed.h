#ifndef R3E_EXPORTER_HTTPD_STATUS_FEED_H
#define R3E_EXPORTER_HTTPD_STATUS_FEED_H
/* Listens to the coordinator's status socket in a thread of its own and keeps the last summary
 * (common/PROTOCOL.md, "Status"). The coordinator may come, go and come again. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/client_keys.h"

struct status_feed;

/* `endpoint` is borrowed for its life; `keys` is NULL for a socket without; ours needs the right "monitor".
 * Signals that the main thread waits for must be blocked before. NULL with errno set (zmq_strerror): it
 * cannot be connected to, or there are no threads. */
struct status_feed *status_feed_open(const char *endpoint, const struct client_keys *keys);

/* Ends the thread, clears the pointer. */
void status_feed_close(struct status_feed **pointer);

/* Appends the last summary (at most METRICS_SUMMARY_MAX bytes: a longer one ends the connection), JSON that
 * nobody has looked into, to `out`, and tells when it came: monotonic milliseconds. False: none has come yet;
 * then `*heard_ms` is when the feed was opened. */
bool status_feed_last(struct status_feed *feed, struct buffer *out, int64_t *heard_ms);

#endif
