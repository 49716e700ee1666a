#ifndef R3E_EXPORTER_HTTPD_CONNECTIONS_H
#define R3E_EXPORTER_HTTPD_CONNECTIONS_H
/* How long a connection may take. libmicrohttpd only ends those that are silent; who sends a byte now and
 * then, or takes one ("slow loris"), would keep a place for ever. So each connection has a deadline, whatever
 * it does meanwhile: for the next request to be there, then for the answer to be taken. And when places
 * become scarce, the one that has waited longest without a request makes room, so that the last places are
 * never held by those who ask for nothing.
 *
 * Ending means shutdown(2): libmicrohttpd then sees the end of the stream and closes. It tells of a closed
 * connection before it closes the descriptor, so no other one is hit. All functions but open and close may be
 * called by any thread. Times are monotonic milliseconds. */
#include <stdint.h>

#define CONNECTIONS_GRACE_MS      500   /* so long nobody has to make room */
#define CONNECTIONS_REQUEST_MS    15000 /* from the connection, or from the last answer, to the whole header */
#define CONNECTIONS_ANSWER_MS     60000 /* for an answer … */
#define CONNECTIONS_BYTES_EACH_MS 8     /* … and 1 ms more for each so many bytes: 8 KB a second */

struct connections;
struct connection; /* one place, between connections_add and connections_remove */

/* What happened since the start. */
struct connections_figures {
    uint64_t accepted;
    uint64_t ended_late;  /* their time was over */
    uint64_t ended_early; /* to make room */
    uint64_t open;        /* now */
};

/* With more than `crowded` connections those that wait for a request make room: one for each that comes, and
 * by connections_sweep until only `wanted` are left. */
struct connections *connections_open(unsigned crowded, unsigned wanted);
void connections_close(struct connections **pointer);

/* `fd` stays libmicrohttpd's. Never NULL. */
struct connection *connections_add(struct connections *connections, int fd, int64_t now_ms);
void connections_remove(struct connections *connections, struct connection *connection);

/* A request is there, whose answer has `bytes` bytes as far as is known. May be called again with more. */
void connections_answering(
    struct connections *connections, struct connection *connection, uint64_t bytes, int64_t now_ms);

/* The answer was sent; the next request may come. */
void connections_waiting(struct connections *connections, struct connection *connection, int64_t now_ms);

/* Ends those whose time is over, and those that have to make room: to be called a few times each second. */
void connections_sweep(struct connections *connections, int64_t now_ms);

struct connections_figures connections_figures(struct connections *connections);

#endif
