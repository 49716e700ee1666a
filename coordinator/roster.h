#ifndef R3E_COORDINATOR_ROSTER_H
#define R3E_COORDINATOR_ROSTER_H
/* The workers that are connected: who they are, what they hold, when they were last heard of.
 *
 * A worker is found by the identity that the ROUTER socket gave its connection. A worker that reconnects gets
 * a new identity and says HELLO again; it is recognised by host, pid, process and key, and keeps its name and
 * its lease. */
#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "common/key_file.h"
#include "common/pack_reader.h"
#include "common/protocol.h"

#define ROSTER_WORKERS_MAX  4096
#define ROSTER_IDENTITY_MAX 255 /* bytes; ZeroMQ's limit for a routing id */
#define ROSTER_ERROR_SIZE   160

/* The connection that a message came over. */
struct origin {
    struct text identity; /* of the connection, by the ROUTER socket */
    const char *key;      /* in Z85, proven; "": the connection has none */
    const char *address;  /* without a port; "": not known */
    bool ipc;             /* from this host, by the owner of store.dir */
};

struct worker {
    char identity[ROSTER_IDENTITY_MAX];
    uint32_t identity_length;
    char name[PROTOCOL_ID_SIZE];
    char host[PROTOCOL_NAME_SIZE];
    char version[PROTOCOL_ID_SIZE];
    char key[KEY_FILE_Z85_SIZE]; /* "": none */
    pid_t pid;
    uint64_t process;                   /* by its HELLO */
    bool ipc;                           /* came over an ipc socket */
    bool local;                         /* a process of this coordinator's host, which can be seen */
    int64_t joined_ms;                  /* monotonic */
    int64_t last_heard_ms;              /* monotonic */
    int64_t last_told_ms;               /* when a heartbeat was last sent to it */
    uint32_t lease;                     /* place in the lease table, or LEASE_NONE */
    unsigned held;                      /* leases of it that are not over, results under way included */
    unsigned owed;                      /* results that came from it and are not acknowledged */
    bool requesting;                    /* a request of it counts as in flight */
    bool asked_robots;                  /* fetches robots.txt for us */
    bool leaving;                       /* said BYE or was told to retire: gets no job any more */
    bool said_bye;                      /* what it holds it gives back; it does not die of it */
    enum bye bye_reason;                /* if it did */
    bool ready;                         /* waits for a job; linked into the queue of credits */
    bool ready_later;                   /* would be, did it not hold DISPATCH_LEASES_EACH */
    bool ready_after;                   /* said so with a result while it held a later lease */
    uint32_t wanted_page;               /* waits for a grant; 0: not */
    uint64_t jobs;                      /* results received from it */
    uint64_t rss_kb, page;              /* by its last heartbeat */
    uint64_t bytes, requests, failures; /* by its results: received, made, jobs that failed */
    char last_error[ROSTER_ERROR_SIZE]; /* of the last of those; "": none */
    int64_t last_error_wall_ms;
    struct worker *queue_previous, *queue_next; /* dispatch's queues */
    UT_hash_handle hh;                          /* by identity */
    UT_hash_handle hh_name;                     /* by name */
};

struct roster {
    struct worker *by_identity; /* uthash table; owns the workers */
    struct worker *by_name;     /* uthash table over the same */
    unsigned count;
    uint64_t joined; /* ever */
};

/* The worker of an identity, or NULL. */
struct worker *roster_find(const struct roster *roster, struct text identity);

struct worker *roster_find_name(const struct roster *roster, const char *name);

/* The worker without a key that has this pid on this host, or NULL. Linear search, for rare cases. */
struct worker *roster_find_pid(const struct roster *roster, const char *host, pid_t pid);

/* Adds a worker that said HELLO, or gives the known one its new identity. NULL if it is new and there are
 * ROSTER_WORKERS_MAX already, or `max_per_key` with its key (without a key only the first counts); `*refusal`
 * is then a constant string saying so. */
struct worker *roster_join(struct roster *roster, struct origin origin, const struct message_hello *hello,
    unsigned max_per_key, int64_t now_ms, const char **refusal);

/* Forgets and frees it; the caller has taken it out of its queues and its lease from it. */
void roster_leave(struct roster *roster, struct worker *worker);

void roster_free(struct roster *roster);

#endif
