/* A coordinator that does nothing but answer: what the connections of so many workers cost libzmq alone.
 *
 *     libzmq_alone --store DIR
 *
 * For dispatch_workers, over the same sockets with the same options and heap settings as r3e-coordinator's.
 * It keeps of each worker the identity and the name, invents a job for whoever is ready and acknowledges
 * every result at once; there is no plan, no lease and no store. Ends on SIGTERM. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/version.h"
#include "common/wire.h"

#define IDENTITY_MOST 16
#define JOBS_HWM      10000
#define RESULTS_HWM   16
#define HEAP_PIECE    (128 * 1024) /* as coordinator/heap.c */
#define MAX_JOBS      200

struct peer {
    char identity[IDENTITY_MOST];
    uint32_t length;
};

struct answering {
    void *context, *jobs, *results, *control;
    struct peer *peers; /* by number; a worker's name is w and its number */
    uint32_t peer_count, peer_capacity;
    uint64_t next_lease;
    const char *store;
};

static void *open_socket(struct answering *answering, int type, const char *name, int high_water_mark)
{
    const struct wire_options options = {
        .high_water_mark = high_water_mark, .max_frame_bytes = PROTOCOL_PAYLOAD_MAX};
    char endpoint[PATH_MAX];
    int length = snprintf(endpoint, sizeof endpoint, "ipc://%s/%s.sock", answering->store, name);
    void *socket = wire_open(answering->context, type, &options);
    if (length < 0 || (size_t)length >= sizeof endpoint || !socket || !wire_bind(socket, endpoint))
        log_fatal("cannot listen on %s: %s", endpoint, zmq_strerror(errno));
    return socket;
}

static struct text identity_of(const struct peer *peer)
{
    return (struct text){peer->identity, peer->length};
}

static void tell(struct answering *answering, uint32_t number, const struct message *message)
{
    struct text identity = identity_of(&answering->peers[number]);
    if (!wire_send(answering->jobs, &identity, message, NULL, 0))
        log_debug("a worker cannot be reached: %s", zmq_strerror(errno));
}

/* ---- workers ---- */

static void welcome(struct answering *answering, struct text identity)
{
    struct message message = {.type = MESSAGE_WELCOME,
        .welcome = {.version = R3E_VERSION,
            .base_url = "http://127.0.0.1:9",
            .user_agent = "libzmq-alone",
            .page_size = 1500,
            .max_pages = 100,
            .connect_timeout_ms = 10000,
            .timeout_ms = 30000,
            .max_response_bytes = 16777216,
            .heartbeat_ms = 2000,
            .max_jobs = MAX_JOBS,
            .max_age_ms = 3600000,
            .max_rss_kb = 65536}};
    uint32_t number = answering->peer_count;
    if (identity.length > IDENTITY_MOST)
        log_fatal("an identity of %u bytes", identity.length);
    if (number == answering->peer_capacity) {
        answering->peer_capacity = number ? 2 * number : 1024;
        answering->peers =
            memory_resize(answering->peers, answering->peer_capacity, sizeof *answering->peers);
    }
    struct peer *peer = &answering->peers[answering->peer_count++];
    memcpy(peer->identity, identity.data, identity.length);
    peer->length = identity.length;
    int name = snprintf(message.welcome.worker, sizeof message.welcome.worker, "w%u", (unsigned)number);
    int results = snprintf(
        message.welcome.results, sizeof message.welcome.results, "ipc://%s/results.sock", answering->store);
    if (name < 0 || (size_t)name >= sizeof message.welcome.worker || results < 0 ||
        (size_t)results >= sizeof message.welcome.results)
        log_fatal("--store: too long");
    tell(answering, number, &message);
}

static void hand_out(struct answering *answering, uint32_t number)
{
    uint64_t lease = ++answering->next_lease;
    const struct message message = {.type = MESSAGE_JOB,
        .job = {.lease = lease,
            .attempt = 1,
            .track_id = 1 + (uint32_t)(lease % 169),
            .class_id = 1 + (uint32_t)(lease / 169 % 87),
            .track_name = "Track number 100",
            .content_hash = "00112233445566778899aabbccddeeff",
            .issued_at_ms = 1767434400000,
            .lease_ms = 20000}};
    tell(answering, number, &message);
}

static uint32_t number_of(const struct answering *answering, const char *name)
{
    unsigned long number = strtoul(name + 1, NULL, 10);
    if (name[0] != 'w' || number >= answering->peer_count)
        log_fatal("a result of worker %s", name);
    return (uint32_t)number;
}

/* READY comes with an identity only; whoever says it has joined lately. */
static uint32_t find_peer(const struct answering *answering, struct text identity)
{
    for (uint32_t i = answering->peer_count; i-- > 0;)
        if (answering->peers[i].length == identity.length &&
            memcmp(answering->peers[i].identity, identity.data, identity.length) == 0)
            return i;
    log_fatal("a worker that has not said hello");
}

/* ---- messages ---- */

static struct message decode(const struct wire_message *frames, int index)
{
    struct message message;
    char problem[PROTOCOL_PROBLEM_SIZE];
    if (!protocol_decode(wire_frame(frames, index), wire_frame_size(frames, index), &message, problem))
        log_fatal("a message that cannot be used: %s", problem);
    return message;
}

static void on_jobs(struct answering *answering)
{
    struct wire_message frames;
    while (wire_receive(answering->jobs, &frames) > 0) {
        struct text identity = {wire_frame(&frames, 0), (uint32_t)wire_frame_size(&frames, 0)};
        struct message message = decode(&frames, 1);
        if (message.type == MESSAGE_HELLO)
            welcome(answering, identity);
        else if (message.type == MESSAGE_READY)
            hand_out(answering, find_peer(answering, identity));
        wire_message_free(&frames);
    }
}

static void on_results(struct answering *answering)
{
    struct wire_message frames;
    while (wire_receive(answering->results, &frames) > 0) {
        struct message result = decode(&frames, 0);
        uint32_t number = number_of(answering, result.result.worker);
        const struct message ack = {.type = MESSAGE_ACK,
            .ack = {.leases = {.count = 1, .ids = {result.result.lease}}, .verdict = VERDICT_STORED}};
        tell(answering, number, &ack);
        if (result.result.ready)
            hand_out(answering, number);
        wire_message_free(&frames);
    }
}

static int watch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    int fd = sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
    if (fd < 0)
        log_fatal("signalfd: %s", strerror(errno));
    return fd;
}

int main(int argc, char **argv)
{
    log_open("libzmq_alone", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    if (argc != 3 || strcmp(argv[1], "--store") != 0)
        log_fatal("usage: libzmq_alone --store DIR");
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, HEAP_PIECE);
    mallopt(M_TRIM_THRESHOLD, HEAP_PIECE);
    struct answering answering = {.store = argv[2]};
    int signal_fd = watch_signals();
    if (mkdir(answering.store, 0700) < 0 && errno != EEXIST)
        log_fatal("%s: %s", answering.store, strerror(errno));
    answering.context = wire_context_open();
    answering.jobs = open_socket(&answering, ZMQ_ROUTER, "jobs", JOBS_HWM);
    answering.results = open_socket(&answering, ZMQ_PULL, "results", RESULTS_HWM);
    answering.control = open_socket(&answering, ZMQ_ROUTER, "control", RESULTS_HWM);
    zmq_pollitem_t items[] = {{.socket = answering.jobs, .events = ZMQ_POLLIN},
        {.socket = answering.results, .events = ZMQ_POLLIN}, {.fd = signal_fd, .events = ZMQ_POLLIN}};
    while (zmq_poll(items, 3, -1) >= 0 && !items[2].revents) {
        on_jobs(&answering);
        on_results(&answering);
    }
    wire_close(&answering.jobs);
    wire_close(&answering.results);
    wire_close(&answering.control);
    zmq_ctx_term(answering.context);
    close(signal_fd);
    free(answering.peers);
    return 0;
}
