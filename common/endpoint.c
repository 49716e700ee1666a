#include "common/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_loopback(const char *host)
{
    struct in_addr ipv4;
    if (inet_pton(AF_INET, host, &ipv4) == 1)
        return ntohl(ipv4.s_addr) >> 24 == 127;
    struct in6_addr ipv6;
    if (inet_pton(AF_INET6, host, &ipv6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&ipv6);
    return strcmp(host, "lo") == 0;
}

static bool parse_port(const char *string, int *port)
{
    *port = 0;
    if (strcmp(string, "*") == 0)
        return true;
    size_t digits = strspn(string, "0123456789");
    if (digits == 0 || digits > 5 || string[digits])
        return false;
    long value = strtol(string, NULL, 10);
    *port = (int)value;
    return value <= UINT16_MAX;
}

bool endpoint_parse_address(const char *string, struct endpoint *endpoint, const char **problem)
{
    *endpoint = (struct endpoint){.kind = ENDPOINT_TCP};
    const char *colon = strrchr(string, ':');
    if (!colon || !parse_port(colon + 1, &endpoint->port)) {
        *problem = "has no port from 0 to 65535 behind a colon";
        return false;
    }
    size_t length = (size_t)(colon - string);
    bool bracketed = length >= 2 && string[0] == '[' && string[length - 1] == ']';
    const char *host = bracketed ? string + 1 : string;
    length -= bracketed ? 2 : 0;
    if (length >= sizeof(endpoint->host) || (!bracketed && memchr(host, ':', length))) {
        *problem = bracketed ? "has an address that is too long" : "needs [brackets] round an IPv6 address";
        return false;
    }
    memcpy(endpoint->host, length ? host : "*", length ? length : 1);
    if (strcspn(endpoint->host, " \t/[]@?#;") != strlen(endpoint->host)) {
        *problem = "has characters that no address has";
        return false;
    }
    endpoint->loopback = is_loopback(endpoint->host);
    return true;
}

static bool parse_ipc(const char *path, struct endpoint *endpoint, const char **problem)
{
    *endpoint = (struct endpoint){.kind = ENDPOINT_IPC, .path = path, .loopback = true};
    if (path[0] != '/') {
        *problem = "needs an absolute path behind ipc://";
        return false;
    }
    if (strlen(path) > ENDPOINT_IPC_PATH_MAX) {
        *problem = "has a path of more than 107 bytes, which the system does not allow for a socket";
        return false;
    }
    return true;
}

bool endpoint_parse(const char *string, struct endpoint *endpoint, const char **problem)
{
    if (strncmp(string, "ipc://", 6) == 0)
        return parse_ipc(string + 6, endpoint, problem);
    if (strncmp(string, "tcp://", 6) == 0 && string[6] != ':')
        return endpoint_parse_address(string + 6, endpoint, problem);
    *problem = "is neither ipc:///PATH nor tcp://ADDRESS:PORT";
    return false;
}

int endpoint_url_port(const char *url)
{
    static const char secure[] = "https://", plain[] = "http://";
    bool is_secure = strncmp(url, secure, sizeof secure - 1) == 0;
    if (!is_secure && strncmp(url, plain, sizeof plain - 1) != 0)
        return 0;
    const char *host = url + (is_secure ? sizeof secure : sizeof plain) - 1;
    const char *end = host + strcspn(host, "/?#");
    const char *bracket = memchr(host, ']', (size_t)(end - host));
    const char *from = bracket ? bracket : host;
    const char *colon = memchr(from, ':', (size_t)(end - from));
    if (!colon || colon + 1 == end)
        return is_secure ? 443 : 80;
    int port = 0;
    for (const char *digit = colon + 1; digit < end; digit++) {
        port = port * 10 + (*digit - '0');
        if (*digit < '0' || *digit > '9' || port > 65535)
            return 0;
    }
    return port;
}
