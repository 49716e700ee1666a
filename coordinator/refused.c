#include "coordinator/refused.h"

#include <string.h>

#include "common/clock.h"
#include "common/log.h"

static void take(char *out, size_t size, const char *string)
{
    size_t length = 0;
    for (; string[length] && length + 1 < size; length++)
        out[length] = string[length] >= ' ' && string[length] <= '~' ? string[length] : '?';
    out[length] = '\0';
}

/* Without its port. */
static size_t host_length(const char *address)
{
    const char *end = address[0] == '[' ? strchr(address, ']') : strchr(address, ':');
    bool has_port = end && (address[0] == '[' || !strchr(end + 1, ':')); /* else: bare IPv6 */
    return has_port ? (size_t)(end - address) : strlen(address);
}

static bool is_same(const struct refused_peer *left, const struct refused_peer *right)
{
    size_t length = host_length(left->address);
    return strcmp(left->socket, right->socket) == 0 && strcmp(left->peer, right->peer) == 0 &&
           strcmp(left->reason, right->reason) == 0 && host_length(right->address) == length &&
           memcmp(left->address, right->address, length) == 0;
}

/* Its place, or that of the one to be forgotten. */
static unsigned find(const struct refused *refused, const struct refused_peer *peer)
{
    unsigned place = 0;
    while (place < refused->count && !is_same(&refused->last[place], peer))
        place++;
    return place < REFUSED_LAST ? place : REFUSED_LAST - 1;
}

static bool is_power_of_two(uint64_t number)
{
    return (number & (number - 1)) == 0;
}

void refused_note(struct refused *refused, const char *socket, const char *address, const char *peer,
    const char *reason, int64_t wall_ms)
{
    struct refused_peer one = {.times = 1, .wall_ms = wall_ms};
    take(one.socket, sizeof one.socket, socket);
    take(one.address, sizeof one.address, address);
    take(one.peer, sizeof one.peer, peer);
    take(one.reason, sizeof one.reason, reason);
    unsigned place = find(refused, &one);
    if (place < refused->count && is_same(&refused->last[place], &one))
        one.times += refused->last[place].times;
    else
        refused->count += refused->count < REFUSED_LAST;
    memmove(&refused->last[1], &refused->last[0], place * sizeof one);
    refused->last[0] = one;
    refused->total++;
    /* A flood from many addresses would make a line of each. */
    if (is_power_of_two(refused->total) || (one.times == 1 && refused->total <= 64))
        log_warn("%s socket: %s%s%s was refused: %s (%llu times, %llu peers in all)", one.socket, one.address,
            one.peer[0] ? ", key " : "", one.peer, one.reason, (unsigned long long)one.times,
            (unsigned long long)refused->total);
}

void refused_put(const struct refused *refused, struct json_writer *json)
{
    json_array_begin(json);
    for (unsigned i = 0; i < refused->count; i++) {
        const struct refused_peer *peer = &refused->last[i];
        char time[CLOCK_RFC3339_SIZE];
        clock_rfc3339(peer->wall_ms, time);
        const struct {
            const char *key, *value;
        } strings[] = {{"time", time}, {"socket", peer->socket}, {"address", peer->address},
            {"key", peer->peer}, {"reason", peer->reason}};
        json_object_begin(json);
        for (size_t j = 0; j < sizeof strings / sizeof *strings; j++) {
            json_key(json, strings[j].key);
            json_string(json, strings[j].value);
        }
        json_key(json, "times");
        json_uint(json, peer->times);
        json_object_end(json);
    }
    json_array_end(json);
}
