#include "coordinator/access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/wire.h"
#include "coordinator/peers.h"
#include "coordinator/zap_request.h"

struct access {
    struct loop *loop;
    void *context;
    struct key_file key; /* wiped when the sockets are bound */
    struct authorized *authorized;
    struct zap *zap;
    struct peers *peers[ZAP_DOMAIN_COUNT]; /* NULL: not guarded */
    struct refused refused;
};

struct access *access_open(const struct config *config, struct loop *loop, void *context)
{
    struct access *access = memory_zalloc(1, sizeof *access);
    char error[FILE_ERROR_SIZE];
    access->loop = loop;
    access->context = context;
    if (!config->security.server_key[0])
        return access;
    if (!key_file_read(config->security.server_key, KEY_FILE_SECRET, &access->key, error))
        log_fatal("security.server_key: %s", error);
    access->authorized = authorized_open(config->security.authorized_keys);
    authorized_look(access->authorized, clock_monotonic_ms());
    access->zap = zap_open(context, access->authorized, &access->refused);
    loop_add_own_socket(loop, zap_socket(access->zap), zap_readable, access->zap);
    log_info("this coordinator's key is %s (%s)", access->key.public_key, access->key.name);
    return access;
}

void access_close(struct access **pointer)
{
    struct access *access = *pointer;
    if (!access)
        return;
    for (size_t i = 0; i < ZAP_DOMAIN_COUNT; i++)
        peers_close(&access->peers[i]);
    if (access->zap)
        loop_remove_socket(access->loop, zap_socket(access->zap));
    zap_close(&access->zap);
    authorized_close(&access->authorized);
    key_file_wipe(&access->key);
    free(access);
    *pointer = NULL;
}

void access_guard(struct access *access, void *socket, enum zap_domain domain)
{
    const char *name = zap_domain_string(domain);
    if (!access->zap)
        return;
    if (access->peers[domain])
        log_bug("access: the %s socket is guarded already", name);
    if (!wire_secure_server(socket, access->key.secret_key, name))
        log_fatal("cannot encrypt the %s socket: %s", name, zmq_strerror(errno));
    access->peers[domain] = peers_open(access->loop, access->context, socket, name, &access->refused);
}

void access_guarded(struct access *access)
{
    key_file_wipe(&access->key);
}

int64_t access_tick(struct access *access, int64_t now_ms)
{
    if (!access->authorized)
        return LOOP_SLEEP_FOREVER;
    if (authorized_look(access->authorized, now_ms) == AUTHORIZED_LESS) {
        unsigned count = 0;
        for (size_t i = 0; i < ZAP_DOMAIN_COUNT; i++)
            count += access->peers[i] ? peers_cut_all(access->peers[i]) : 0;
        log_info("a key has lost rights: %u connections are made anew, by those who still may", count);
    }
    return authorized_wait_ms(access->authorized, now_ms);
}

void access_ask_aside(struct access *access, zap_is_aside is_aside, const void *asked)
{
    if (access->zap)
        zap_ask_aside(access->zap, is_aside, asked);
}

void access_put_aside(struct access *access)
{
    struct peers *peers = access->peers[ZAP_RESULTS];
    if (peers)
        log_info("a key was put aside: %u connections to the results socket are made anew, by the others",
            peers_cut_all(peers));
}

void access_turned_away(struct access *access, enum zap_domain domain, const char *address,
    const char *public_key, const char *reason)
{
    struct text plain = zap_request_plain_address((struct text){address, (uint32_t)strlen(address)});
    const struct key_file *key = access->authorized ? authorized_find(access->authorized, public_key) : NULL;
    refused_note(&access->refused, zap_domain_string(domain), plain.data, key ? key->name : public_key,
        reason, clock_wall_ms());
}

void access_put(const struct access *access, struct json_writer *json)
{
    unsigned connections = 0;
    for (size_t i = 0; i < ZAP_DOMAIN_COUNT; i++)
        connections += access->peers[i] ? peers_count(access->peers[i]) : 0;
    json_key(json, "keys");
    if (access->authorized)
        json_uint(json, authorized_count(access->authorized));
    else
        json_null(json);
    json_key(json, "keys_problem");
    json_string(json, access->authorized ? authorized_problem(access->authorized) : "");
    json_key(json, "connections");
    json_uint(json, connections);
    json_key(json, "peers_refused");
    json_uint(json, access->refused.total);
    json_key(json, "last_refused");
    refused_put(&access->refused, json);
}
