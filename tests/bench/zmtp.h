#ifndef R3E_BENCH_ZMTP_H
#define R3E_BENCH_ZMTP_H
/* One connection that speaks ZMTP 3.1 with the NULL mechanism (ZeroMQ RFC 37) over a Unix socket, by bare
 * system calls: so that five hundred workers in one process cost the machine less than the coordinator they
 * measure.
 *
 * For benchmarks: whoever does not speak as the standard says is a fatal error. Nothing waits but
 * zmtp_connect. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

enum zmtp_phase {
    ZMTP_GREETING, /* the peer's greeting is not there yet */
    ZMTP_READY,    /* its READY is not */
    ZMTP_OPEN
};

struct zmtp {
    int fd; /* -1: closed */
    enum zmtp_phase phase;
    const char *type; /* "DEALER", "PUSH" */
    struct buffer in, out;
    size_t in_at; /* read up to here */
};

/* `path` is a socket file that listens; `type` must stay valid. */
void zmtp_connect(struct zmtp *link, const char *path, const char *type);

void zmtp_close(struct zmtp *link);

/* Takes what is there to read, once. False: the peer has hung up. */
bool zmtp_read(struct zmtp *link);

/* The next frame of a message that has been read; valid until the next zmtp_read. Answers PING by itself. */
bool zmtp_next(struct zmtp *link, const uint8_t **bytes, size_t *length);

/* Adds a frame to what is to be sent. */
void zmtp_put(struct zmtp *link, const void *bytes, size_t length, bool more);

/* Sends as much as the kernel takes and the handshake allows. True: all of it. */
bool zmtp_flush(struct zmtp *link);

#endif
