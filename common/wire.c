#include "common/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"

/* A peer that is silent for this long at the ZMTP level is dropped (RFC 37/ZMTP 3.1 PING). */
#define HEARTBEAT_INTERVAL_MS 5000
#define HEARTBEAT_TIMEOUT_MS  15000
/* The same by TCP's own means: the second probe that is not answered ends the connection (tcp(7)). */
#define KEEPALIVE_IDLE_S     5
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_PROBES     2
#define HANDSHAKE_TIMEOUT_MS WIRE_HANDSHAKE_MS
#define RECONNECT_FIRST_MS   50
#define RECONNECT_MOST_MS    5000
/* The kernel's own pauses between attempts double, up to minutes, while a network is away. */
#define CONNECT_TIMEOUT_MS   3000
#define CURVE_OVERHEAD_BYTES 64
#define BACKLOG              1024

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* zmq.h shows it to those only who ask for drafts; the library has it since 4.2. */
#ifndef ZMQ_ZERO_COPY_RECV
#define ZMQ_ZERO_COPY_RECV 10
#endif

void *wire_context_open(void)
{
    void *context = zmq_ctx_new();
    if (context && zmq_ctx_set(context, ZMQ_ZERO_COPY_RECV, 0) < 0)
        log_debug("messages are received without copies: %s", zmq_strerror(errno));
    return context;
}

/* Finds out that the other side is gone. Sockets that are bound must not send PING: libzmq 4.3 aborts when it
 * is time for one on a connection whose peer has hung up while its queue was full (libzmq issue 4364), so
 * whoever fills a queue and leaves would take the process with him. They answer the PINGs of others. */
static bool watch_peers(void *socket, int type)
{
    bool connects = type == ZMQ_DEALER || type == ZMQ_PUSH || type == ZMQ_SUB;
    if (connects)
        return set_int(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_INTERVAL_MS) &&
               set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
    return set_int(socket, ZMQ_TCP_KEEPALIVE, 1) &&
           set_int(socket, ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S) &&
           set_int(socket, ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S) &&
           set_int(socket, ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_PROBES) &&
           set_int(socket, ZMQ_TCP_MAXRT, HEARTBEAT_TIMEOUT_MS);
}

static bool set_options(void *socket, int type, const struct wire_options *options)
{
    int64_t max_frame = (int64_t)options->max_frame_bytes;
    bool ok = set_int(socket, ZMQ_LINGER, options->linger_ms) &&
              set_int(socket, ZMQ_SNDHWM, options->high_water_mark) &&
              set_int(socket, ZMQ_RCVHWM, options->high_water_mark) &&
              set_int(socket, ZMQ_BACKLOG, BACKLOG) &&
              set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_TIMEOUT_MS) && watch_peers(socket, type) &&
              set_int(socket, ZMQ_CONNECT_TIMEOUT, CONNECT_TIMEOUT_MS) &&
              set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_FIRST_MS) &&
              set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MOST_MS) && set_int(socket, ZMQ_IPV6, 1) &&
              zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_frame, sizeof max_frame) == 0;
    /* Without IMMEDIATE a message would be queued for a connection that may never come about. */
    if (ok && (type == ZMQ_PUSH || type == ZMQ_DEALER))
        ok = set_int(socket, ZMQ_IMMEDIATE, 1);
    /* Without MANDATORY a message for a peer that is gone would vanish without a word. */
    if (ok && type == ZMQ_ROUTER)
        ok = set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
    return ok;
}

void *wire_open(void *context, int type, const struct wire_options *options)
{
    void *socket = zmq_socket(context, type);
    if (!socket)
        return NULL;
    if (!set_options(socket, type, options))
        log_bug("wire: setting socket options: %s", zmq_strerror(errno));
    return socket;
}

void wire_close(void **socket)
{
    if (*socket)
        zmq_close(*socket);
    *socket = NULL;
}

static bool set_string(void *socket, int option, const char *string)
{
    return zmq_setsockopt(socket, option, string, strlen(string)) == 0;
}

static bool has_curve(void)
{
    bool has = zmq_has("curve") == 1;
    if (!has)
        errno = ENOTSUP;
    return has;
}

/* What libzmq limits is the frame on the wire, which is longer than what it holds (RFC 26: name, nonce, flags
 * and authenticator of a MESSAGE are 33 bytes). */
static bool make_room_for_curve(void *socket)
{
    int64_t max_frame = 0;
    size_t size = sizeof max_frame;
    if (zmq_getsockopt(socket, ZMQ_MAXMSGSIZE, &max_frame, &size) < 0)
        return false;
    max_frame += CURVE_OVERHEAD_BYTES;
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_frame, sizeof max_frame) == 0;
}

bool wire_secure_server(void *socket, const char *secret_key, const char *domain)
{
    return has_curve() && make_room_for_curve(socket) && set_int(socket, ZMQ_CURVE_SERVER, 1) &&
           set_string(socket, ZMQ_CURVE_SECRETKEY, secret_key) && set_string(socket, ZMQ_ZAP_DOMAIN, domain);
}

bool wire_secure_client(void *socket, const struct client_keys *keys)
{
    return has_curve() && make_room_for_curve(socket) &&
           set_string(socket, ZMQ_CURVE_SERVERKEY, keys->server_key) &&
           set_string(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key) &&
           set_string(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key);
}

bool wire_bind(void *socket, const char *endpoint)
{
    static const char ipc[] = "ipc://";
    bool is_ipc = strncmp(endpoint, ipc, sizeof ipc - 1) == 0;
    mode_t mask = is_ipc ? umask(S_IRWXG | S_IRWXO) : 0;
    bool bound = zmq_bind(socket, endpoint) == 0;
    int saved = errno;
    if (is_ipc)
        umask(mask);
    errno = saved;
    return bound;
}

bool wire_connect(void *socket, const char *endpoint)
{
    return zmq_connect(socket, endpoint) == 0;
}

static bool more_follows(void *socket)
{
    int more = 0;
    size_t size = sizeof more;
    return zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more;
}

static void drop_rest(void *socket)
{
    zmq_msg_t frame;
    while (more_follows(socket)) {
        zmq_msg_init(&frame);
        int received = zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT);
        zmq_msg_close(&frame);
        if (received < 0)
            return;
    }
}

int wire_receive(void *socket, struct wire_message *message)
{
    message->count = 0;
    message->excess = false;
    do {
        if (message->count == WIRE_FRAMES_MAX) {
            message->excess = true;
            drop_rest(socket);
            break;
        }
        zmq_msg_t *frame = &message->frames[message->count];
        zmq_msg_init(frame);
        int received;
        do
            received = zmq_msg_recv(frame, socket, ZMQ_DONTWAIT);
        while (received < 0 && errno == EINTR);
        if (received < 0) {
            int saved = errno;
            zmq_msg_close(frame);
            wire_message_free(message);
            errno = saved;
            return saved == EAGAIN ? 0 : -1;
        }
        message->count++;
    } while (more_follows(socket));
    return 1;
}

void wire_message_free(struct wire_message *message)
{
    for (int i = 0; i < message->count; i++)
        zmq_msg_close(&message->frames[i]);
    message->count = 0;
}

/* libzmq's metadata of the message's last frame: all of its frames have the same, but for the identity. */
static const char *property(const struct wire_message *message, const char *name)
{
    union {
        const zmq_msg_t *in;
        zmq_msg_t *out;
    } frame = {&message->frames[message->count - 1]};
    const char *value = message->count ? zmq_msg_gets(frame.out, name) : NULL;
    return value ? value : "";
}

const char *wire_user(const struct wire_message *message)
{
    return property(message, "User-Id");
}

const char *wire_address(const struct wire_message *message)
{
    return property(message, "Peer-Address");
}

bool wire_is_ipc(const struct wire_message *message)
{
    /* getnameinfo(3) calls a Unix socket's peer so, and libzmq puts its user, group and pid behind it; a tcp
     * peer's is a bare address. */
    static const char local[] = "localhost:";
    return strncmp(wire_address(message), local, sizeof local - 1) == 0;
}

const void *wire_frame(const struct wire_message *message, int index)
{
    /* libzmq's accessor takes a pointer to non-const although it changes nothing. */
    union {
        const zmq_msg_t *in;
        zmq_msg_t *out;
    } frame = {&message->frames[index]};
    return zmq_msg_data(frame.out);
}

size_t wire_frame_size(const struct wire_message *message, int index)
{
    return zmq_msg_size(&message->frames[index]);
}

size_t wire_size(const struct wire_message *message)
{
    size_t size = 0;
    for (int i = 0; i < message->count; i++)
        size += wire_frame_size(message, i);
    return size;
}

static bool send_frame(void *socket, const void *bytes, size_t length, bool more)
{
    int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
    int sent;
    do
        sent = zmq_send(socket, bytes, length, flags);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

bool wire_send(void *socket, const struct text *identity, const struct message *message,
    const struct text *payloads, int payload_count)
{
    struct buffer frame = buffer_make(PROTOCOL_FRAME_MAX);
    protocol_encode(message, &frame);
    if (frame.overflowed)
        log_bug("wire: %s does not fit its frame", message_type_string(message->type));
    /* Only the first frame of a message can be refused; libzmq then takes the rest (zmq_send(3)). */
    bool sent = (!identity || send_frame(socket, identity->data, identity->length, true)) &&
                send_frame(socket, frame.data, frame.length, payload_count > 0);
    for (int i = 0; sent && i < payload_count; i++)
        sent = send_frame(socket, payloads[i].data, payloads[i].length, i + 1 < payload_count);
    int saved = errno;
    buffer_free(&frame);
    errno = saved;
    return sent;
}
