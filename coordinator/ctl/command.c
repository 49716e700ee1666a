#include "coordinator/ctl/command.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/endpoint.h"
#include "common/memory.h"

bool ctl_load_config(const struct ctl_globals *globals, struct config *config)
{
    if (!globals->config_path) {
        config_defaults(config);
        fputs("r3ectl: this needs the configuration; name it with r3ectl --config FILE …\n", stderr);
        return false;
    }
    struct config_problems problems = config_problems_make();
    bool loaded = config_load(config, globals->config_path, NULL, 0, &problems);
    config_problems_print(&problems, stderr);
    config_problems_free(&problems);
    return loaded;
}

char *ctl_endpoint(const struct ctl_globals *where, const char *name, enum ctl_socket socket)
{
    char *found = NULL;
    if (where->connect) {
        struct endpoint endpoint;
        const char *problem;
        if (endpoint_parse(where->connect, &endpoint, &problem))
            return memory_strdup(where->connect);
        ctl_wrong_usage(name, "--connect %s: %s", where->connect, problem);
        return NULL;
    }
    if (!where->config_path) {
        ctl_wrong_usage(name,
            "name the configuration with --config FILE, or the %s socket with --connect ENDPOINT",
            socket == CTL_SOCKET_STATUS ? "status" : "control");
        return NULL;
    }
    struct config config;
    if (ctl_load_config(where, &config)) {
        bool local = config.security.server_key[0] && !where->key_path && !where->server_key_path;
        const char *status = local ? config.local_sockets.status : config.sockets.status;
        const char *control = local ? config.local_sockets.control : config.sockets.control;
        found = memory_strdup(socket == CTL_SOCKET_STATUS ? status : control);
    }
    config_free(&config);
    return found;
}

bool ctl_take_where(struct ctl_globals *where, int option, const char *argument)
{
    const struct {
        int option;
        const char **out;
    } options[] = {{'c', &where->config_path}, {'C', &where->connect}, {'K', &where->key_path},
        {'S', &where->server_key_path}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (options[i].option != option)
            continue;
        *options[i].out = argument;
        return true;
    }
    return false;
}

int ctl_wrong_usage(const char *name, const char *format, ...)
{
    fprintf(stderr, "r3ectl %s: ", name);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry: r3ectl %s --help\n", name);
    return CTL_WRONG;
}
