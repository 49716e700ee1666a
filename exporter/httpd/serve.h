#ifndef R3E_EXPORTER_HTTPD_SERVE_H
#define R3E_EXPORTER_HTTPD_SERVE_H
/* The web server: libmicrohttpd with limits, and which request gets which answer. */

/* At most so many connections at a time, and so long without a byte. */
#define SERVE_CONNECTIONS_MAX 512
#define SERVE_IDLE_TIMEOUT_S  20

struct serve;

/* Answers requests on the listening socket, in threads of its own, until serve_close; takes the socket.
 * `folder` is borrowed. NULL: libmicrohttpd could not start (no memory, no threads). Signals that the main
 * thread waits for must be blocked before. */
struct serve *serve_open(const char *folder, int listen_fd);

/* Ends every connection at once, clears the pointer. */
void serve_close(struct serve **serve);

#endif
