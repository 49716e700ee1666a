#include "exporter/httpd/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/endpoint.h"

#define BACKLOG 1024

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* The length of the address, or 0 if the host is not an IP address. */
static socklen_t fill(const struct endpoint *endpoint, union address *address)
{
    *address = (union address){0};
    in_port_t port = htons((in_port_t)endpoint->port);
    if (strcmp(endpoint->host, "*") == 0) {
        /* Takes IPv4 too (ipv6(7), IPV6_V6ONLY). */
        address->v6 =
            (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = in6addr_any};
        return sizeof address->v6;
    }
    if (inet_pton(AF_INET6, endpoint->host, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = port;
        return sizeof address->v6;
    }
    if (inet_pton(AF_INET, endpoint->host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = port;
        return sizeof address->v4;
    }
    return 0;
}

/* A browser on this host reaches "all interfaces" at localhost. */
static void write_name(int fd, char name[static LISTENER_NAME_SIZE])
{
    union address address = {0};
    socklen_t size = sizeof address;
    char host[INET6_ADDRSTRLEN] = "";
    int length;
    getsockname(fd, &address.any, &size);
    if (address.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof host);
        length = snprintf(name, LISTENER_NAME_SIZE, "%s:%u", host, ntohs(address.v4.sin_port));
    } else if (IN6_IS_ADDR_UNSPECIFIED(&address.v6.sin6_addr)) {
        length = snprintf(name, LISTENER_NAME_SIZE, "localhost:%u", ntohs(address.v6.sin6_port));
    } else {
        inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof host);
        length = snprintf(name, LISTENER_NAME_SIZE, "[%s]:%u", host, ntohs(address.v6.sin6_port));
    }
    if (length < 0)
        name[0] = '\0';
}

static int open_socket(const union address *address, socklen_t size)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    int off = 0;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, &address->any, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int listener_open(const char *string, char name[static LISTENER_NAME_SIZE],
    char error[static LISTENER_ERROR_SIZE], bool *wrong_usage)
{
    struct endpoint endpoint;
    union address address;
    const char *problem = "the address must be an IP address or *";
    socklen_t size = 0;
    if (endpoint_parse_address(string, &endpoint, &problem))
        size = fill(&endpoint, &address);
    *wrong_usage = size == 0;
    if (size == 0) {
        if (snprintf(error, LISTENER_ERROR_SIZE, "--listen %.80s: %s", string, problem) < 0)
            error[0] = '\0';
        return -1;
    }
    int fd = open_socket(&address, size);
    if (fd >= 0)
        write_name(fd, name);
    else if (snprintf(error, LISTENER_ERROR_SIZE,
                 "cannot listen on %.80s: %s; choose another with --listen ADDR:PORT (port 0: any free one)",
                 string, strerror(errno)) < 0)
        error[0] = '\0';
    return fd;
}
