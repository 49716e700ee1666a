#include "coordinator/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "coordinator/lease.h"

struct worker *roster_find(const struct roster *roster, struct text identity)
{
    struct worker *found = NULL;
    HASH_FIND(hh, roster->by_identity, identity.data, identity.length, found);
    return found;
}

struct worker *roster_find_name(const struct roster *roster, const char *name)
{
    struct worker *found = NULL;
    HASH_FIND(hh_name, roster->by_name, name, strlen(name), found);
    return found;
}

struct worker *roster_find_pid(const struct roster *roster, const char *host, pid_t pid)
{
    for (struct worker *worker = roster->by_identity; worker; worker = worker->hh.next)
        if (worker->pid == pid && strcmp(worker->host, host) == 0 && !worker->key[0])
            return worker;
    return NULL;
}

/* Nobody passes for a worker that has another key. */
static struct worker *find_process(
    const struct roster *roster, const struct message_hello *hello, const char *key)
{
    for (struct worker *worker = roster->by_identity; worker; worker = worker->hh.next)
        if (worker->pid == (pid_t)hello->pid && worker->process == hello->process &&
            strcmp(worker->host, hello->host) == 0 && strcmp(worker->key, key) == 0)
            return worker;
    return NULL;
}

static void set_identity(struct roster *roster, struct worker *worker, struct text identity)
{
    memcpy(worker->identity, identity.data, identity.length);
    worker->identity_length = identity.length;
    HASH_ADD_KEYPTR(hh, roster->by_identity, worker->identity, worker->identity_length, worker);
}

static unsigned count_with_key(const struct roster *roster, const char *key)
{
    unsigned count = 0;
    for (const struct worker *worker = roster->by_identity; worker; worker = worker->hh.next)
        count += strcmp(worker->key, key) == 0;
    return count;
}

static const char *find_refusal(const struct roster *roster, struct origin origin, unsigned max_per_key)
{
    if (roster->count == ROSTER_WORKERS_MAX)
        return "too many workers are connected";
    if (origin.key[0] && count_with_key(roster, origin.key) >= max_per_key)
        return "too many workers are connected with this key; see workers.max_per_key";
    return NULL;
}

static struct worker *add(
    struct roster *roster, struct origin origin, const struct message_hello *hello, int64_t now_ms)
{
    struct worker *worker = memory_zalloc(1, sizeof *worker);
    int length = snprintf(worker->name, sizeof worker->name, "w%llu", (unsigned long long)++roster->joined);
    if (length < 0 || (size_t)length >= sizeof worker->name)
        abort();
    memcpy(worker->host, hello->host, sizeof worker->host);
    memcpy(worker->version, hello->version, sizeof worker->version);
    memcpy(worker->key, origin.key, strnlen(origin.key, sizeof worker->key - 1));
    worker->pid = (pid_t)hello->pid;
    worker->process = hello->process;
    worker->joined_ms = worker->last_heard_ms = now_ms;
    worker->lease = LEASE_NONE;
    set_identity(roster, worker, origin.identity);
    HASH_ADD_KEYPTR(hh_name, roster->by_name, worker->name, (unsigned)length, worker);
    roster->count++;
    return worker;
}

struct worker *roster_join(struct roster *roster, struct origin origin, const struct message_hello *hello,
    unsigned max_per_key, int64_t now_ms, const char **refusal)
{
    *refusal = "its connection has too long a name";
    if (origin.identity.length > ROSTER_IDENTITY_MAX)
        return NULL;
    struct worker *worker = roster_find(roster, origin.identity);
    if (!worker) {
        worker = find_process(roster, hello, origin.key);
        if (worker) {
            HASH_DEL(roster->by_identity, worker);
            set_identity(roster, worker, origin.identity);
        } else {
            *refusal = find_refusal(roster, origin, max_per_key);
            if (*refusal)
                return NULL;
            worker = add(roster, origin, hello, now_ms);
        }
    }
    worker->ipc = origin.ipc;
    worker->last_heard_ms = now_ms;
    return worker;
}

void roster_leave(struct roster *roster, struct worker *worker)
{
    /* The analyser does not follow uthash's links. NOLINTBEGIN(clang-analyzer-*) */
    HASH_DEL(roster->by_identity, worker);
    HASH_DELETE(hh_name, roster->by_name, worker);
    roster->count--;
    free(worker);
}

void roster_free(struct roster *roster)
{
    while (roster->by_identity)
        roster_leave(roster, roster->by_identity);
    /* NOLINTEND(clang-analyzer-*) */
}
