#include "coordinator/accepted.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct connection {
    int fd;
    struct sockaddr_in6 from; /* or a sockaddr_in, which is smaller */
};

static struct {
    pthread_mutex_t lock;
    struct connection list[ACCEPTED_MOST]; /* oldest first */
    unsigned count;
} accepted = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void drop(unsigned place)
{
    accepted.count--;
    memmove(
        &accepted.list[place], &accepted.list[place + 1], (accepted.count - place) * sizeof *accepted.list);
}

void accepted_note(int fd, const struct sockaddr *address, socklen_t length)
{
    struct connection connection = {.fd = fd};
    if (!address || length > sizeof connection.from ||
        (address->sa_family != AF_INET && address->sa_family != AF_INET6))
        return;
    memcpy(&connection.from, address, length);
    pthread_mutex_lock(&accepted.lock);
    if (accepted.count == ACCEPTED_MOST)
        drop(0);
    accepted.list[accepted.count++] = connection;
    pthread_mutex_unlock(&accepted.lock);
}

static bool write_address(const struct sockaddr_in6 *from, char out[static ACCEPTED_ADDRESS_SIZE])
{
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_in v4;
    memcpy(&v4, from, sizeof v4);
    bool mapped = from->sin6_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&from->sin6_addr);
    if (mapped)
        memcpy(&v4.sin_addr, &from->sin6_addr.s6_addr[12], sizeof v4.sin_addr);
    bool is_v4 = mapped || from->sin6_family == AF_INET;
    const char *text = is_v4 ? inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host)
                             : inet_ntop(AF_INET6, &from->sin6_addr, host, sizeof host);
    if (!text)
        return false;
    /* The port is at the same place in both. */
    int length = snprintf(out, ACCEPTED_ADDRESS_SIZE, "%s%s%s:%u", is_v4 ? "" : "[", host, is_v4 ? "" : "]",
        (unsigned)ntohs(from->sin6_port));
    return length > 0 && length < ACCEPTED_ADDRESS_SIZE;
}

bool accepted_take(int fd, char address[static ACCEPTED_ADDRESS_SIZE])
{
    struct connection found = {.fd = -1};
    pthread_mutex_lock(&accepted.lock);
    for (unsigned place = 0; place < accepted.count && found.fd < 0; place++) {
        if (accepted.list[place].fd != fd)
            continue;
        found = accepted.list[place];
        drop(place);
    }
    pthread_mutex_unlock(&accepted.lock);
    bool known = found.fd >= 0 && write_address(&found.from, address);
    if (!known)
        memcpy(address, "unknown", sizeof "unknown");
    return known;
}
