#include "coordinator/ctl/listener.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"
#include "coordinator/ctl/client.h"

#define FRAME_MAX       ((size_t)1024 * 1024)
#define HIGH_WATER_MARK 64
#define ALSO_MAX        2

#define X(name, string) string,
static const char *const topic_strings[] = {LISTENER_TOPICS(X)};
#undef X

struct listener {
    struct client base;
    unsigned topics;
    int signal_fd;
    zmq_pollitem_t also[ALSO_MAX];
    int also_count;
    struct wire_message message; /* the last one */
    bool holds_message;
};

/* ---- connecting ---- */

static int open_signals(bool screen)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGHUP);
    if (screen) {
        sigaddset(&wanted, SIGWINCH);
        sigaddset(&wanted, SIGTSTP);
    }
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

static bool subscribe(const struct listener *client)
{
    bool ok = true;
    for (unsigned i = 0; i < LISTENER_TOPIC_COUNT; i++)
        if (client->topics & (1u << i))
            ok &= zmq_setsockopt(
                      client->base.socket, ZMQ_SUBSCRIBE, topic_strings[i], strlen(topic_strings[i])) == 0;
    return ok;
}

struct listener *listener_open(
    const struct ctl_globals *where, const char *name, unsigned topics, bool screen, int *code)
{
    const struct wire_options options = {.high_water_mark = HIGH_WATER_MARK, .max_frame_bytes = FRAME_MAX};
    struct listener *client = memory_zalloc(1, sizeof *client);
    client->topics = topics;
    client->signal_fd = -1;
    if (!client_open(&client->base, where, name, CTL_SOCKET_STATUS, ZMQ_SUB, &options, code)) {
        listener_close(&client);
        return NULL;
    }
    client->signal_fd = open_signals(screen);
    if (client->signal_fd >= 0 && subscribe(client))
        return client;
    fprintf(stderr, "r3ectl %s: cannot listen: %s\n", name, strerror(errno));
    *code = CTL_FAILED;
    listener_close(&client);
    return NULL;
}

static void forget_message(struct listener *client)
{
    if (client->holds_message)
        wire_message_free(&client->message);
    client->holds_message = false;
}

void listener_close(struct listener **pointer)
{
    struct listener *client = *pointer;
    if (!client)
        return;
    forget_message(client);
    client_close(&client->base);
    if (client->signal_fd >= 0)
        close(client->signal_fd);
    free(client);
    *pointer = NULL;
}

void listener_also(struct listener *client, zmq_pollitem_t item)
{
    if (client->also_count < ALSO_MAX)
        client->also[client->also_count++] = item;
}

/* ---- listening ---- */

static bool take(const struct listener *client, struct listener_message *out)
{
    const struct wire_message *message = &client->message;
    if (message->count != 2 || message->excess)
        return false;
    for (unsigned i = 0; i < LISTENER_TOPIC_COUNT; i++) {
        const char *topic = topic_strings[i];
        if (!(client->topics & (1u << i)) || wire_frame_size(message, 0) != strlen(topic) ||
            memcmp(wire_frame(message, 0), topic, strlen(topic)) != 0)
            continue;
        out->topic = (enum listener_topic)i;
        out->json = (struct text){wire_frame(message, 1), (uint32_t)wire_frame_size(message, 1)};
        return true;
    }
    return false;
}

static bool receive(struct listener *client, struct listener_message *out)
{
    for (;;) {
        forget_message(client);
        if (wire_receive(client->base.socket, &client->message) != 1)
            return false;
        client->holds_message = true;
        if (take(client, out))
            return true;
    }
}

static bool take_signal(const struct listener *client, int *number)
{
    struct signalfd_siginfo info;
    if (read(client->signal_fd, &info, sizeof info) != (ssize_t)sizeof info)
        return false;
    *number = (int)info.ssi_signo;
    return true;
}

enum listener_event listener_next(
    struct listener *client, int64_t patience_ms, struct listener_message *message, int *signal_number)
{
    int64_t deadline_ms = clock_monotonic_ms() + patience_ms;
    zmq_pollitem_t items[2 + ALSO_MAX] = {
        {.fd = client->signal_fd, .events = ZMQ_POLLIN},
        {.socket = client->base.socket, .events = ZMQ_POLLIN},
    };
    memcpy(items + 2, client->also, sizeof client->also);
    for (;;) {
        if (take_signal(client, signal_number))
            return LISTENER_SIGNAL;
        if (receive(client, message))
            return LISTENER_MESSAGE;
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        if (zmq_poll(items, 2 + client->also_count, left_ms > 0 ? (long)left_ms : 0) < 0 && errno != EINTR)
            return LISTENER_SILENCE;
        for (int i = 0; i < client->also_count; i++)
            if (items[2 + i].revents)
                return LISTENER_OTHER;
        if (left_ms <= 0 && !items[0].revents && !items[1].revents)
            return LISTENER_SILENCE;
    }
}

int listener_nobody(const struct listener *client)
{
    return client_nobody(&client->base);
}
