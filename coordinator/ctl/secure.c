#include "coordinator/ctl/secure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "common/client_keys.h"
#include "common/endpoint.h"
#include "common/link_events.h"
#include "common/wire.h"

static bool read_and_use(const struct ctl_globals *where, const char *name, void *socket)
{
    struct client_keys keys;
    char error[FILE_ERROR_SIZE];
    bool ok = client_keys_read(where->key_path, where->server_key_path, &keys, error);
    if (!ok) {
        fprintf(stderr, "r3ectl %s: %s\n", name, error);
    } else if (!wire_secure_client(socket, &keys)) {
        fprintf(stderr, "r3ectl %s: cannot use the keys: %s\n", name, zmq_strerror(errno));
        ok = false;
    }
    client_keys_wipe(&keys);
    return ok;
}

bool secure_socket(const struct ctl_globals *where, const char *name, const char *endpoint, void *socket)
{
    if (!where->key_path && !where->server_key_path)
        return true;
    if (!where->key_path || !where->server_key_path) {
        ctl_wrong_usage(name, "--key and --server-key go together");
        return false;
    }
    if (strncmp(endpoint, "tcp://", 6) == 0)
        return read_and_use(where, name, socket);
    ctl_wrong_usage(name, "%s is not encrypted and takes no --key", endpoint);
    return false;
}

bool secure_say_why(const struct ctl_globals *where, const char *name, const char *endpoint, void *events)
{
    struct link_event event;
    const char *why = NULL;
    while (events && link_events_next(events, &event)) {
        if (event.kind == LINK_FAILED)
            why = link_event_of_ours(&event, where->key_path != NULL);
        else if (event.kind == LINK_READY)
            why = NULL;
    }
    if (why)
        fprintf(stderr, "r3ectl %s: cannot connect to %s: %s\n", name, endpoint, why);
    return why != NULL;
}
