#include "coordinator/dispatch_strikes.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "coordinator/dispatch_workers.h"

/* Who strikes are counted against: what can be replaced least easily. */
static void origin_text(const char *key, const char *host, uint64_t pid, char out[static RUBBISH_ORIGIN_SIZE])
{
    int length = key[0] ? snprintf(out, RUBBISH_ORIGIN_SIZE, "key %s", key)
                        : snprintf(out, RUBBISH_ORIGIN_SIZE, "%s pid %llu", host, (unsigned long long)pid);
    if (length < 0 || length >= RUBBISH_ORIGIN_SIZE)
        log_bug("dispatch: a host's name of more than %d bytes", PROTOCOL_NAME_SIZE);
}

static void put_aside(struct dispatch *dispatch, struct worker *worker)
{
    dispatch_refuse(dispatch, (struct text){worker->identity, worker->identity_length},
        "put aside for a while: it has sent too much that cannot be used; the coordinator's log says what");
    dispatch_drop(dispatch, worker, false);
}

static void put_key_aside(struct dispatch *dispatch, const char *key)
{
    struct worker *next;
    for (struct worker *worker = dispatch->roster.by_identity; worker; worker = next) {
        next = worker->hh.next;
        if (strcmp(worker->key, key) == 0)
            put_aside(dispatch, worker);
    }
    if (dispatch->access)
        access_put_aside(dispatch->access);
}

static bool strike(struct dispatch *dispatch, const char *origin, const char *reason)
{
    if (!rubbish_strike(&dispatch->rubbish, origin, reason, clock_monotonic_ms()))
        return false;
    log_error("%s is put aside for %lld min: it has sent %d messages that cannot be used, the last: %s",
        origin, (long long)RUBBISH_ASIDE_MS / 60000, RUBBISH_STRIKES, reason);
    return true;
}

bool dispatch_strike(struct dispatch *dispatch, struct worker *worker, const char *reason)
{
    char origin[RUBBISH_ORIGIN_SIZE], key[KEY_FILE_Z85_SIZE];
    origin_text(worker->key, worker->host, (uint64_t)worker->pid, origin);
    if (!strike(dispatch, origin, reason))
        return false;
    memcpy(key, worker->key, sizeof key);
    if (key[0])
        put_key_aside(dispatch, key);
    else
        put_aside(dispatch, worker);
    return true;
}

void dispatch_strike_key(struct dispatch *dispatch, const char *key, const char *reason)
{
    char origin[RUBBISH_ORIGIN_SIZE];
    origin_text(key, "", 0, origin);
    if (key[0] && strike(dispatch, origin, reason))
        put_key_aside(dispatch, key);
}

void dispatch_forgive(struct dispatch *dispatch, const struct worker *worker)
{
    char origin[RUBBISH_ORIGIN_SIZE];
    if (dispatch->rubbish.strikes == 0)
        return;
    origin_text(worker->key, worker->host, (uint64_t)worker->pid, origin);
    rubbish_good(&dispatch->rubbish, origin);
}

bool dispatch_is_aside(const struct dispatch *dispatch, const char *key)
{
    char origin[RUBBISH_ORIGIN_SIZE];
    if (!key[0] || dispatch->rubbish.put_aside == 0)
        return false;
    origin_text(key, "", 0, origin);
    return rubbish_aside(&dispatch->rubbish, origin, clock_monotonic_ms()) != NULL;
}

bool dispatch_refuse_aside(struct dispatch *dispatch, struct origin origin, const struct message_hello *hello)
{
    char text[RUBBISH_ORIGIN_SIZE], reason[PROTOCOL_TEXT_SIZE];
    origin_text(origin.key, hello->host, hello->pid, text);
    const char *why = rubbish_aside(&dispatch->rubbish, text, clock_monotonic_ms());
    if (!why)
        return false;
    int length = snprintf(reason, sizeof reason, "put aside for a while, for what it sent: %s", why);
    if (length > 0)
        dispatch_refuse(dispatch, origin.identity, reason);
    return true;
}
