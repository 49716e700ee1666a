#include "tests/upstream/raw.h"

#include <errno.h>
#include <sys/socket.h>

enum { FULL_SOCKET_PAUSE_US = 5000 };

// Linux answers connect() to "no address" on a connected TCP socket with a reset to the peer.
static void reset_connection(int fd)
{
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    (void)connect(fd, &nowhere, sizeof nowhere);
}

uint64_t raw_write(struct raw *raw, uint64_t now_us)
{
    const struct reply *reply = raw->reply;
    while (raw->written < reply->body.length) {
        bool slow = raw->written >= reply->slow_from && raw->written < reply->slow_to;
        size_t until = slow                              ? raw->written + 1
                       : raw->written < reply->slow_from ? reply->slow_from
                                                         : reply->body.length;
        ssize_t sent =
            send(raw->fd, reply->body.data + raw->written, until - raw->written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return now_us + FULL_SOCKET_PAUSE_US;
        if (sent < 0)
            return 0;
        raw->written += (size_t)sent;
        if (slow)
            return now_us + (uint64_t)reply->pause_ms * 1000;
    }
    if (reply->reset)
        reset_connection(raw->fd);
    return 0;
}
