#ifndef R3E_COMMON_ENDPOINT_H
#define R3E_COMMON_ENDPOINT_H
/* ZeroMQ endpoints as this project allows them: `ipc:///PATH` and `tcp://ADDRESS:PORT`. */
#include <stdbool.h>
#include <stddef.h>

/* Bytes of a socket's path, without the terminating zero: sizeof(sun_path) - 1 of unix(7). */
#define ENDPOINT_IPC_PATH_MAX 107
#define ENDPOINT_LENGTH_MAX   255

enum endpoint_kind { ENDPOINT_IPC, ENDPOINT_TCP };

struct endpoint {
    enum endpoint_kind kind;
    const char *path; /* ipc: points into the parsed string */
    char host[64];    /* tcp: address, `*` or interface name; without brackets */
    int port;         /* tcp: 0 lets the system choose */
    bool loopback;    /* ipc, or an address that only this host reaches */
};

/* Takes an endpoint apart. `string` must outlive `*endpoint`. False: `*problem` is a constant string saying
 * what is wrong. A tcp port may be 0 or `*`. A host name other than an address or an interface counts as not
 * loopback, whatever it may resolve to. */
bool endpoint_parse(const char *string, struct endpoint *endpoint, const char **problem);

/* "127.0.0.1:8080", "[::1]:8080", "*:8080" or ":8080" (all interfaces), as for `http.listen`; else as
 * above. */
bool endpoint_parse_address(const char *string, struct endpoint *endpoint, const char **problem);

/* The TCP port of an address as upstream.base_url is one (http:// or https://, a host, no user): the one
 * written there, or 80 or 443. 0: that is no number from
 * 1 to 65535, or it is no such address. */
int endpoint_url_port(const char *url);

#endif
