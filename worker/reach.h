#ifndef R3E_WORKER_REACH_H
#define R3E_WORKER_REACH_H
/* What a worker may do: read what libraries, resolver and TLS read, and connect to the coordinator's ports
 * and the upstream's, to proxies that the environment names (curl(1), ENVIRONMENT) and to name servers. It
 * writes no file, starts no program and does not listen (common/hardening.h).
 *
 * The kernel's rule is for TCP ports (Landlock, from ABI 4 on): it knows no addresses, so a port that is
 * allowed is allowed on every host, and UDP, which the resolver needs, is not limited. That a request goes to
 * the upstream's own host is seen to by the worker (redirects, job.h) and libcurl. Where more is wanted the
 * service has a list of addresses (IPAddressAllow= of systemd) or a firewall.
 *
 * Landlock's layers are each thread's own, and ZeroMQ has threads before WELCOME names the upstream. Ports
 * that are known at the start (--tcp-ports, which the coordinator gives to the workers of its host) hold for
 * all threads; else those of WELCOME hold for the thread that fetches and parses, and those that it starts.
 */
#include <stdbool.h>

#include "common/landlock.h"

#define REACH_PORTS_MAX 12

struct reach {
    bool sandbox;                /* false: nothing is limited */
    struct landlock_ports ports; /* not limited: still to come with WELCOME */
};

/* Reads a list as --tcp-ports has it, "443,5556", of REACH_PORTS_MAX at most. False if it is none. */
bool reach_parse(struct reach *reach, const char *list);

/* Confines the process, for good: before it has a thread. `endpoint`: the coordinator's jobs socket. */
void reach_confine(struct reach *reach, const char *endpoint);

enum reach_outcome {
    REACH_OPEN,    /* both can be connected to */
    REACH_CHANGED, /* WELCOME named others before: a new worker is needed */
    REACH_SHUT,    /* --tcp-ports does not have them */
};

/* What WELCOME names. The first time, and without --tcp-ports, all other ports are shut. `*shut` is the port
 * that cannot be connected to. */
struct reach_session {
    const struct reach *reach;
    bool narrowed;
    struct landlock_ports ports;
};
enum reach_outcome reach_welcome(
    struct reach_session *session, const char *endpoint, const char *results, const char *url, int *shut);

#endif
