#include "coordinator/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <zmq.h>

#include <uthash.h>

#include "common/clock.h"
#include "common/link_events.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/wire.h"
#include "coordinator/accepted.h"

#define EVENTS_PER_ROUND 1024

struct peer {
    int fd; /* libzmq's */
    char address[ACCEPTED_ADDRESS_SIZE];
    int64_t since_ms;
    UT_hash_handle hh; /* by fd */
};

struct peers {
    struct loop *loop;
    void *socket, *events;
    const char *name;
    struct refused *refused;
    struct peer *by_fd;    /* uthash table; owns the entries */
    unsigned incomplete;   /* connections whose handshake is not over */
    struct link_event why; /* the failure that LINK_LOST is to follow, if `failed` */
    bool failed;
};

/* The analyser does not follow uthash's links. NOLINTBEGIN(clang-analyzer-*) */
static struct peer *find(const struct peers *peers, int fd)
{
    struct peer *peer = NULL;
    HASH_FIND_INT(peers->by_fd, &fd, peer);
    return peer;
}

static void forget(struct peers *peers, struct peer *peer)
{
    HASH_DEL(peers->by_fd, peer);
    free(peer);
}

static void on_accepted(struct peers *peers, int fd)
{
    struct peer *peer = find(peers, fd);
    if (!peer) {
        peer = memory_zalloc(1, sizeof *peer);
        peer->fd = fd;
        HASH_ADD_INT(peers->by_fd, fd, peer);
    }
    peer->since_ms = clock_monotonic_ms();
    accepted_take(fd, peer->address);
    peers->incomplete++;
}
/* NOLINTEND(clang-analyzer-*) */

static void on_lost(struct peers *peers, int fd)
{
    struct peer *peer = find(peers, fd);
    const char *address = peer ? peer->address : "unknown";
    bool young = peer && clock_monotonic_ms() - peer->since_ms <= WIRE_HANDSHAKE_MS;
    const char *reason = NULL;
    if (peers->failed)
        reason = link_event_of_peer(&peers->why);
    else if (young && peers->incomplete)
        reason = "it does not speak ZeroMQ's protocol";
    if (reason && peers->incomplete)
        peers->incomplete--;
    /* What the ZAP handler refused it has noted itself, with the key. */
    if (reason && !(peers->failed && peers->why.cause == LINK_CAUSE_REFUSED))
        refused_note(peers->refused, peers->name, address, "", reason, clock_wall_ms());
    peers->failed = false;
    if (peer)
        forget(peers, peer);
}

static void on_event(struct peers *peers, const struct link_event *event)
{
    if (!event->tcp)
        return;
    switch (event->kind) {
    case LINK_ACCEPTED:
        on_accepted(peers, event->fd);
        break;
    case LINK_READY:
        peers->incomplete -= peers->incomplete > 0;
        break;
    case LINK_FAILED:
        peers->failed = true;
        peers->why = *event;
        break;
    case LINK_LOST:
        on_lost(peers, event->fd);
        break;
    case LINK_CONNECTED:
        break;
    }
}

static void on_readable(void *context)
{
    struct peers *peers = context;
    struct link_event event;
    for (int i = 0; i < EVENTS_PER_ROUND && link_events_next(peers->events, &event); i++)
        on_event(peers, &event);
}

struct peers *peers_open(
    struct loop *loop, void *context, void *socket, const char *name, struct refused *refused)
{
    struct peers *peers = memory_zalloc(1, sizeof *peers);
    *peers = (struct peers){.loop = loop,
        .socket = socket,
        .name = name,
        .refused = refused,
        .events = link_events_open(context, socket)};
    if (!peers->events)
        log_fatal("cannot watch the %s socket: %s", name, zmq_strerror(errno));
    loop_add_own_socket(loop, peers->events, on_readable, peers);
    return peers;
}

void peers_close(struct peers **pointer)
{
    struct peers *peers = *pointer;
    if (!peers)
        return;
    loop_remove_socket(peers->loop, peers->events);
    link_events_close(&peers->events, peers->socket);
    while (peers->by_fd)
        forget(peers, peers->by_fd);
    free(peers);
    *pointer = NULL;
}

unsigned peers_cut_all(struct peers *peers)
{
    struct link_event event;
    unsigned count = 0;
    while (link_events_next(peers->events, &event))
        on_event(peers, &event);
    for (struct peer *peer = peers->by_fd; peer; peer = peer->hh.next)
        count += shutdown(peer->fd, SHUT_RDWR) == 0;
    return count;
}

unsigned peers_count(const struct peers *peers)
{
    return HASH_COUNT(peers->by_fd);
}
