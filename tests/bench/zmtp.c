#include "tests/bench/zmtp.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

#define GREETING_BYTES 64u
#define FLAG_MORE      1u
#define FLAG_LONG      2u
#define FLAG_COMMAND   4u
#define SHORT_MOST     255u
#define READ_BYTES     4096u
#define IN_MOST        ((size_t)1024 * 1024)
#define OUT_MOST       ((size_t)16 * 1024 * 1024)

static void send_now(struct zmtp *link, const void *bytes, size_t length)
{
    if (send(link->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
        log_fatal("zmtp: a handshake could not be sent: %s", strerror(errno));
}

static void send_greeting(struct zmtp *link)
{
    uint8_t greeting[GREETING_BYTES] = {0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1, 'N', 'U', 'L', 'L'};
    send_now(link, greeting, sizeof greeting);
}

static void send_ready(struct zmtp *link)
{
    struct buffer command = buffer_make(SHORT_MOST);
    size_t length = strlen(link->type);
    buffer_append(&command, "\x04\x00\x05READY\x0bSocket-Type\x00\x00\x00", 23);
    buffer_append_byte(&command, (uint8_t)length);
    buffer_append(&command, link->type, length);
    buffer_append(&command, "\x08Identity\x00\x00\x00\x00", 13);
    command.data[1] = (uint8_t)(command.length - 2);
    send_now(link, command.data, command.length);
    buffer_free(&command);
}

void zmtp_connect(struct zmtp *link, const char *path, const char *type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof address.sun_path)
        log_fatal("zmtp: the path %s is too long", path);
    memcpy(address.sun_path, path, length);
    *link = (struct zmtp){.type = type, .in = buffer_make(IN_MOST), .out = buffer_make(OUT_MOST)};
    link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0 || connect(link->fd, (const struct sockaddr *)&address, sizeof address) < 0)
        log_fatal("zmtp: cannot connect to %s: %s", path, strerror(errno));
    send_greeting(link);
}

void zmtp_close(struct zmtp *link)
{
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    buffer_free(&link->in);
    buffer_free(&link->out);
}

bool zmtp_read(struct zmtp *link)
{
    struct buffer *in = &link->in;
    memmove(in->data, in->data + link->in_at, in->length - link->in_at);
    in->length -= link->in_at;
    link->in_at = 0;
    uint8_t *room = buffer_reserve(in, READ_BYTES);
    if (!room)
        log_fatal("zmtp: a frame of more than %zu bytes", IN_MOST);
    ssize_t got = recv(link->fd, room, READ_BYTES, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got <= 0)
        return false;
    in->length += (size_t)got;
    return true;
}

static size_t unread(const struct zmtp *link)
{
    return link->in.length - link->in_at;
}

/* A frame that is there as a whole is taken. */
static bool take_frame(struct zmtp *link, unsigned *flags, const uint8_t **bytes, size_t *length)
{
    const uint8_t *at = link->in.data + link->in_at;
    if (unread(link) < 2)
        return false;
    size_t head = at[0] & FLAG_LONG ? 9 : 2;
    if (unread(link) < head)
        return false;
    size_t size = 0;
    for (size_t i = 1; i < head; i++)
        size = size << 8 | at[i];
    if (unread(link) - head < size)
        return false;
    *flags = at[0];
    *bytes = at + head;
    *length = size;
    link->in_at += head + size;
    return true;
}

static bool is_command(const char *name, const uint8_t *bytes, size_t length)
{
    size_t size = strlen(name);
    return length > size && bytes[0] == size && memcmp(bytes + 1, name, size) == 0;
}

static void on_command(struct zmtp *link, const uint8_t *bytes, size_t length)
{
    if (link->phase == ZMTP_READY && is_command("READY", bytes, length)) {
        link->phase = ZMTP_OPEN;
    } else if (link->phase == ZMTP_OPEN && is_command("PING", bytes, length) && length >= 7) {
        size_t context = length - 7; /* behind the time to live */
        uint8_t head[] = {FLAG_COMMAND, (uint8_t)(5 + context), 4, 'P', 'O', 'N', 'G'};
        buffer_append(&link->out, head, sizeof head);
        buffer_append(&link->out, bytes + 7, context);
    } else {
        log_fatal("zmtp: a command that was not expected: %.*s", (int)(length > 8 ? 8 : length), bytes);
    }
}

bool zmtp_next(struct zmtp *link, const uint8_t **bytes, size_t *length)
{
    unsigned flags;
    if (link->phase == ZMTP_GREETING) {
        if (unread(link) < GREETING_BYTES)
            return false;
        if (link->in.data[link->in_at] != 0xff || link->in.data[link->in_at + 10] < 3)
            log_fatal("zmtp: the peer does not speak ZMTP 3");
        link->in_at += GREETING_BYTES;
        link->phase = ZMTP_READY;
        send_ready(link);
    }
    while (take_frame(link, &flags, bytes, length)) {
        if (!(flags & FLAG_COMMAND))
            return true;
        on_command(link, *bytes, *length);
    }
    return false;
}

void zmtp_put(struct zmtp *link, const void *bytes, size_t length, bool more)
{
    unsigned flags = more ? FLAG_MORE : 0;
    uint8_t head[9];
    size_t head_length = 2;
    if (length > SHORT_MOST) {
        flags |= FLAG_LONG;
        head_length = 9;
    }
    head[0] = (uint8_t)flags;
    for (size_t i = 1; i < head_length; i++)
        head[i] = (uint8_t)((uint64_t)length >> 8 * (head_length - 1 - i));
    buffer_append(&link->out, head, head_length);
    buffer_append(&link->out, bytes, length);
    if (link->out.overflowed)
        log_fatal("zmtp: the peer does not read");
}

bool zmtp_flush(struct zmtp *link)
{
    struct buffer *out = &link->out;
    if (!out->length)
        return true;
    if (link->phase != ZMTP_OPEN)
        return false;
    ssize_t sent = send(link->fd, out->data, out->length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        log_fatal("zmtp: sending: %s", strerror(errno));
    if (sent > 0) {
        memmove(out->data, out->data + sent, out->length - (size_t)sent);
        out->length -= (size_t)sent;
    }
    return out->length == 0;
}
