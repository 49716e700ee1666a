#ifndef R3E_COMMON_WIRE_H
#define R3E_COMMON_WIRE_H
/* ZeroMQ sockets as this project uses them: every limit set, every return code looked at.
 *
 * A socket belongs to the thread that made it. Nothing here blocks: sends and receives return at once,
 * waiting is done in the event loop. Options and their reasons: zmq_setsockopt(3) and FAULTS in the design
 * documents. */
#include <stdbool.h>
#include <stddef.h>
#include <zmq.h>

#include "common/buffer.h"
#include "common/client_keys.h"
#include "common/pack_reader.h"
#include "common/protocol.h"

#define WIRE_FRAMES_MAX   4     /* identity, control frame, rows, detail */
#define WIRE_HANDSHAKE_MS 10000 /* a peer that takes longer is dropped */

struct wire_options {
    int high_water_mark;    /* messages held in either direction */
    size_t max_frame_bytes; /* a peer announcing more is disconnected */
    int linger_ms;          /* how long closing may wait for unsent messages; 0 for none */
};

/* A ZeroMQ context, or NULL with errno set. Its messages do not refer to the buffers they were received in:
 * each of ours would keep one of 18 KB alive until it is dealt with, and a new one be made meanwhile. */
void *wire_context_open(void);

/* A socket of a ZMQ_* type with all of our options, or NULL with errno set (EMFILE: too many sockets). */
void *wire_open(void *context, int type, const struct wire_options *options);

/* Closes and clears; NULL is allowed. */
void wire_close(void **socket);

/* To be called once. From the next bind or connect on the socket speaks CURVE (ZeroMQ RFC 25, 26): what was
 * bound before goes on as it was. Keys are in Z85. A server asks the ZAP handler (RFC 27) of its context
 * about each peer, under `domain`; the handler must be there before the first bind, since without one libzmq
 * lets every key in (ZMQ_ZAP_ENFORCE_DOMAIN, which would not, is a draft in 4.3). False with errno set
 * (ENOTSUP: this libzmq has no CURVE). */
bool wire_secure_server(void *socket, const char *secret_key, const char *domain);
bool wire_secure_client(void *socket, const struct client_keys *keys);

/* Binds or connects. An ipc socket is made readable and writable by its owner only. False with errno set; the
 * caller logs it with zmq_strerror(errno) and the endpoint. */
bool wire_bind(void *socket, const char *endpoint);
bool wire_connect(void *socket, const char *endpoint);

/* A message received: `count` frames. Frames beyond WIRE_FRAMES_MAX are read and dropped, and `excess` is
 * set. */
struct wire_message {
    zmq_msg_t frames[WIRE_FRAMES_MAX];
    int count;
    bool excess;
};

/* Receives one message without waiting: 1 received (release it with wire_message_free), 0 none there, -1 with
 * errno set (ETERM). */
int wire_receive(void *socket, struct wire_message *message);

void wire_message_free(struct wire_message *message);

/* What the ZAP handler called the peer that a received frame came from; "" if it was not asked: the socket is
 * not encrypted, or the frame came through an endpoint bound before it was. Valid as long as the message. */
const char *wire_user(const struct wire_message *message);

/* Where it came from, as libzmq says: an address without a port; "" if it is not known. Valid as long as the
 * message. */
const char *wire_address(const struct wire_message *message);

/* The message came through an ipc endpoint. */
bool wire_is_ipc(const struct wire_message *message);

const void *wire_frame(const struct wire_message *message, int index);
size_t wire_frame_size(const struct wire_message *message, int index);

/* Bytes of all its frames. */
size_t wire_size(const struct wire_message *message);

/* Sends one message without waiting: an identity frame first unless `identity` is NULL (ROUTER), then the
 * encoded control frame, then `payload_count` payloads. Bytes are copied. False with errno set: EAGAIN (queue
 * full or nobody connected), EHOSTUNREACH (ROUTER: that peer is gone). All frames go or none. */
bool wire_send(void *socket, const struct text *identity, const struct message *message,
    const struct text *payloads, int payload_count);

#endif
