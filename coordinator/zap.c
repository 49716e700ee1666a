#include "coordinator/zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "coordinator/zap_request.h"

#define ENDPOINT           "inproc://zeromq.zap.01" /* RFC 27 */
#define REQUESTS_PER_ROUND 64                       /* then the other sources of the loop have their turn */

struct zap {
    void *socket;
    const struct authorized *authorized;
    struct refused *refused;
    zap_is_aside is_aside; /* NULL: nobody can say */
    const void *asked;
};

static const struct {
    const char *string;
    unsigned rights; /* one of them is enough */
} domains[] = {
#define X(name, string, rights) {string, rights},
    ZAP_DOMAINS(X)
#undef X
};

const char *zap_domain_string(enum zap_domain domain)
{
    return domains[domain].string;
}

const char *zap_judge(const struct key_file *key, const char *domain)
{
    if (!key)
        return "its key is not in security.authorized_keys";
    for (size_t i = 0; i < ZAP_DOMAIN_COUNT; i++)
        if (strcmp(domains[i].string, domain) == 0)
            return key->rights & domains[i].rights ? NULL : "its key has no right to use this socket";
    return "there is no such socket";
}

struct zap *zap_open(void *context, const struct authorized *authorized, struct refused *refused)
{
    struct zap *zap = memory_zalloc(1, sizeof *zap);
    *zap =
        (struct zap){.socket = zmq_socket(context, ZMQ_ROUTER), .authorized = authorized, .refused = refused};
    int linger_ms = 0;
    if (!zap->socket || zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms) < 0 ||
        zmq_bind(zap->socket, ENDPOINT) < 0)
        log_fatal("cannot check keys: %s", zmq_strerror(errno));
    return zap;
}

void zap_close(struct zap **pointer)
{
    struct zap *zap = *pointer;
    if (!zap)
        return;
    zmq_close(zap->socket);
    free(zap);
    *pointer = NULL;
}

void zap_ask_aside(struct zap *zap, zap_is_aside is_aside, const void *asked)
{
    zap->is_aside = is_aside;
    zap->asked = asked;
}

void *zap_socket(struct zap *zap)
{
    return zap->socket;
}

/* ---- one message ---- */

/* All frames of one message; more than there may be are read and dropped. */
struct frames {
    zmq_msg_t messages[ZAP_REQUEST_FRAMES];
    struct text texts[ZAP_REQUEST_FRAMES];
    unsigned count;
    bool excess;
};

static bool receive(void *socket, struct frames *frames)
{
    *frames = (struct frames){0};
    for (bool more = true; more;) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return false; /* only before the first: a message comes whole */
        }
        more = zmq_msg_more(&frame);
        frames->excess |= frames->count == ZAP_REQUEST_FRAMES;
        if (frames->excess) {
            zmq_msg_close(&frame);
            continue;
        }
        zmq_msg_t *kept = &frames->messages[frames->count];
        zmq_msg_init(kept);
        zmq_msg_move(kept, &frame);
        frames->texts[frames->count++] = (struct text){zmq_msg_data(kept), (uint32_t)zmq_msg_size(kept)};
    }
    return true;
}

static void release(struct frames *frames)
{
    for (unsigned i = 0; i < frames->count; i++)
        zmq_msg_close(&frames->messages[i]);
}

static void answer(
    struct zap *zap, struct text identity, const struct zap_request *request, const char *refusal)
{
    const struct text reply[] = {identity, {"", 0}, {"1.0", 3}, request->id, {refusal ? "400" : "200", 3},
        {refusal ? "refused" : "OK", refusal ? 7 : 2},
        {request->public_key, refusal ? 0 : KEY_FILE_Z85_SIZE - 1}, {"", 0}};
    size_t count = sizeof reply / sizeof *reply;
    for (size_t i = 0; i < count; i++) {
        int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
        if (zmq_send(zap->socket, reply[i].data, reply[i].length, flags) < 0) {
            log_debug("zap: an answer could not be given: %s", zmq_strerror(errno));
            return;
        }
    }
}

static bool is_shut_out(const struct zap *zap, const struct zap_request *request)
{
    return zap->is_aside && strcmp(request->domain, zap_domain_string(ZAP_RESULTS)) == 0 &&
           zap->is_aside(zap->asked, request->public_key);
}

static void on_request(struct zap *zap, const struct frames *frames)
{
    struct zap_request request;
    const char *refusal;
    const struct key_file *key = NULL;
    if (frames->excess) {
        refusal = "it has too many frames";
        request = (struct zap_request){.address = "unknown"};
    } else if (zap_request_parse(frames->texts, frames->count, &request, &refusal)) {
        key = authorized_find(zap->authorized, request.public_key);
        refusal = zap_judge(key, request.domain);
        if (!refusal && is_shut_out(zap, &request))
            refusal = "it was put aside, for what it sent";
    }
    if (refusal)
        refused_note(zap->refused, request.domain, request.address, key ? key->name : request.public_key,
            refusal, clock_wall_ms());
    else
        log_debug("%s socket: %s from %s is let in", request.domain, key->name, request.address);
    if (request.id.length)
        answer(zap, frames->texts[0], &request, refusal);
}

void zap_readable(void *context)
{
    struct zap *zap = context;
    struct frames frames;
    for (int i = 0; i < REQUESTS_PER_ROUND && receive(zap->socket, &frames); i++) {
        on_request(zap, &frames);
        release(&frames);
    }
}
