#include "coordinator/sockets.h"

#include <errno.h>
#include <string.h>

#include "common/control_message.h"
#include "common/log.h"
#include "common/wire.h"

#define JOBS_HWM    10000
#define RESULTS_HWM 16 /* results held in memory for each worker connection */
#define STATUS_HWM  16
#define CONTROL_HWM 64
#define LINGER_MS   200

struct plan_of_socket {
    enum zap_domain domain;
    int type;
    const char *endpoint, *local;
    int high_water_mark;
    size_t max_frame_bytes;
};

static void bind_to(void *socket, const char *endpoint)
{
    if (!wire_bind(socket, endpoint))
        log_fatal("cannot listen on %s: %s; change it under `sockets`", endpoint, zmq_strerror(errno));
}

static void *open_one(const struct sockets *sockets, const struct plan_of_socket *plan)
{
    struct wire_options options = {.high_water_mark = plan->high_water_mark,
        .max_frame_bytes = plan->max_frame_bytes,
        .linger_ms = LINGER_MS};
    void *socket = wire_open(sockets->context, plan->type, &options);
    if (!socket)
        log_fatal("cannot open a socket: %s", zmq_strerror(errno));
    /* Options hold for what is bound after them: the local endpoint is not encrypted. */
    bind_to(socket, plan->local);
    if (strcmp(plan->local, plan->endpoint) == 0)
        return socket;
    access_guard(sockets->access, socket, plan->domain);
    bind_to(socket, plan->endpoint);
    return socket;
}

void sockets_open(struct sockets *sockets, const struct config *config, struct loop *loop)
{
    const struct plan_of_socket plans[ZAP_DOMAIN_COUNT] = {
        {ZAP_JOBS, ZMQ_ROUTER, config->sockets.jobs, config->local_sockets.jobs, JOBS_HWM,
            PROTOCOL_FRAME_MAX},
        {ZAP_RESULTS, ZMQ_PULL, config->sockets.results, config->local_sockets.results, RESULTS_HWM,
            PROTOCOL_PAYLOAD_MAX},
        {ZAP_STATUS, ZMQ_XPUB, config->sockets.status, config->local_sockets.status, STATUS_HWM,
            PROTOCOL_FRAME_MAX},
        {ZAP_CONTROL, ZMQ_ROUTER, config->sockets.control, config->local_sockets.control, CONTROL_HWM,
            CONTROL_REQUEST_MAX},
    };
    void **opened[ZAP_DOMAIN_COUNT] = {
        &sockets->jobs, &sockets->results, &sockets->status, &sockets->control};
    sockets->context = wire_context_open();
    if (!sockets->context)
        log_fatal("cannot start ZeroMQ: %s", zmq_strerror(errno));
    sockets->access = access_open(config, loop, sockets->context);
    for (size_t i = 0; i < ZAP_DOMAIN_COUNT; i++)
        *opened[i] = open_one(sockets, &plans[i]);
    access_guarded(sockets->access);
    int verbose = 1; /* a second subscriber wants its first message too */
    zmq_setsockopt(sockets->status, ZMQ_XPUB_VERBOSE, &verbose, sizeof verbose);
}

void sockets_close(struct sockets *sockets)
{
    /* The ZAP handler goes with `access`, and without one libzmq lets everybody in; but nothing that arrives
     * from here on is read. */
    access_close(&sockets->access);
    wire_close(&sockets->jobs);
    wire_close(&sockets->results);
    wire_close(&sockets->status);
    wire_close(&sockets->control);
    zmq_ctx_term(sockets->context);
}
