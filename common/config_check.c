#include "common/config_check.h"

#include <stdarg.h>
#include <string.h>

#include "common/board.h"
#include "common/endpoint.h"

void config_places_report(
    const struct config_places *places, const char *group, const char *name, const char *format, ...)
{
    char message[1500];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    if (length < 0)
        message[0] = '\0';
    size_t key = (size_t)(config_find_key(group, name, strlen(name)) - config_keys);
    size_t place = (size_t)(config_find_group(group, strlen(group)) - config_groups);
    if (places->overrides[key]) {
        config_problems_add(places->problems, NULL, 0, "--set %.300s: %s", places->overrides[key], message);
        return;
    }
    unsigned line = places->lines[key] ? places->lines[key] : places->group_lines[place];
    config_problems_add(places->problems, places->file, line ? line : 1, "%s.%s: %s", group, name, message);
}

bool config_check_required(const struct config_places *places)
{
    bool complete = true;
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (!config_keys[i].required || places->lines[i] || places->overrides[i])
            continue;
        config_places_report(places, config_keys[i].group, config_keys[i].name,
            "missing; set it in the file or with --set, for instance to \"%s\"", config_keys[i].initial);
        complete = false;
    }
    return complete;
}

static void check_upstream(const struct config *config, const struct config_places *places)
{
    if (config->upstream.timeout_s < config->upstream.connect_timeout_s)
        config_places_report(places, "upstream", "timeout_s",
            "%lld is less than connect_timeout_s; allowed: %lld or more",
            (long long)config->upstream.timeout_s, (long long)config->upstream.connect_timeout_s);
    if (config->upstream.page_size * config->upstream.max_pages > (int64_t)BOARD_ROWS_MAX)
        config_places_report(places, "upstream", "max_pages",
            "%lld pages of %lld entries are too many; allowed: at most %u entries in all",
            (long long)config->upstream.max_pages, (long long)config->upstream.page_size, BOARD_ROWS_MAX);
}

/* `inner` is `outer` or lies below it. Compares names only: the folders need not exist yet. */
static bool lies_inside(const char *inner, const char *outer)
{
    size_t length = strlen(outer);
    return strncmp(inner, outer, length) == 0 &&
           (inner[length] == '\0' || inner[length] == '/' || outer[length - 1] == '/');
}

static void check_folders(const struct config *config, const struct config_places *places)
{
    if (lies_inside(config->store.dir, config->publish.dir))
        config_places_report(places, "store", "dir",
            "%.600s lies inside public.dir, so the web server would hand it out; choose a folder outside of "
            "%.600s",
            config->store.dir, config->publish.dir);
}

struct socket {
    const char *name;
    const char *endpoint, *local;
};

/* Nothing listens beyond loopback without keys unless allow_insecure says so. */
static void check_exposure(
    const struct config *config, const struct config_places *places, const struct socket *socket)
{
    struct endpoint endpoint;
    const char *problem;
    if (!endpoint_parse(socket->endpoint, &endpoint, &problem)) {
        config_places_report(places, "sockets", socket->name, "\"%.300s\" %s", socket->endpoint, problem);
        return;
    }
    bool keys = config->security.server_key[0] && config->security.authorized_keys[0];
    if (!endpoint.loopback && !keys && !config->security.allow_insecure)
        config_places_report(places, "sockets", socket->name,
            "\"%s\" can be reached from other hosts without encryption; set security.server_key and "
            "security.authorized_keys (see r3ectl keygen), use 127.0.0.1, or set security.allow_insecure = "
            "true",
            socket->endpoint);
}

/* Two sockets have different addresses; so do the local ones that stand beside them. */
static void check_apart(
    const struct config_places *places, const struct socket *socket, const struct socket *other)
{
    struct endpoint endpoint;
    const char *problem;
    bool chosen_by_system = endpoint_parse(socket->endpoint, &endpoint, &problem) &&
                            endpoint.kind == ENDPOINT_TCP && endpoint.port == 0;
    bool same = !chosen_by_system && strcmp(socket->endpoint, other->endpoint) == 0;
    if (same || strcmp(socket->local, other->local) == 0)
        config_places_report(places, "sockets", socket->name,
            "\"%s\" is also %ssockets.%s; each socket needs an address of its own", socket->endpoint,
            same ? "" : "what stands in store.dir for ", other->name);
}

static void check_sockets(const struct config *config, const struct config_places *places)
{
    const struct socket sockets[] = {{"jobs", config->sockets.jobs, config->local_sockets.jobs},
        {"results", config->sockets.results, config->local_sockets.results},
        {"status", config->sockets.status, config->local_sockets.status},
        {"control", config->sockets.control, config->local_sockets.control}};
    for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
        check_exposure(config, places, &sockets[i]);
        for (size_t j = 0; j < i; j++)
            check_apart(places, &sockets[i], &sockets[j]);
    }
}

/* A worker on another host gets jobs and has to bring results. */
static void check_reach(const struct config *config, const struct config_places *places)
{
    struct endpoint jobs, results;
    const char *problem;
    bool exposed = config->security.server_key[0] || config->security.allow_insecure;
    if (exposed && endpoint_parse(config->sockets.jobs, &jobs, &problem) &&
        endpoint_parse(config->sockets.results, &results, &problem) && !jobs.loopback && results.loopback)
        config_places_report(places, "sockets", "results",
            "\"%s\" cannot be reached from other hosts, but sockets.jobs can: workers there could not bring "
            "their results; set it to a tcp address too",
            config->sockets.results);
}

static void check_security(const struct config *config, const struct config_places *places)
{
    bool key = config->security.server_key[0];
    bool authorized = config->security.authorized_keys[0];
    if (key && !authorized)
        config_places_report(places, "security", "authorized_keys",
            "missing, but security.server_key is set; name the folder of the keys that may connect");
    if (authorized && !key)
        config_places_report(places, "security", "server_key",
            "missing, but security.authorized_keys is set; make a key with r3ectl keygen");
    if (!config->http.listen[0])
        return;
    struct endpoint endpoint;
    const char *problem;
    if (endpoint_parse_address(config->http.listen, &endpoint, &problem) && !endpoint.loopback &&
        !config->security.allow_insecure)
        config_places_report(places, "http", "listen",
            "\"%s\" can be reached from other hosts and has no encryption; use 127.0.0.1 behind a web server "
            "that has, or set security.allow_insecure = true",
            config->http.listen);
}

/* A process keeps to its own limit; the kernel's is for when it does not. */
static void check_memory(const struct config *config, const struct config_places *places)
{
    int64_t workers = config->workers.max_rss_mb, exporter = config->exporter.max_rss_mb;
    int64_t least = workers > exporter ? workers : exporter;
    if (config->hardening.memory_mb < least)
        config_places_report(places, "hardening", "memory_mb",
            "%lld is less than %s.max_rss_mb; allowed: %lld or more", (long long)config->hardening.memory_mb,
            workers > exporter ? "workers" : "exporter", (long long)least);
}

void config_check(const struct config *config, const struct config_places *places)
{
    check_upstream(config, places);
    check_folders(config, places);
    check_sockets(config, places);
    check_reach(config, places);
    check_security(config, places);
    check_memory(config, places);
}
