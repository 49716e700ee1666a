#include "exporter/httpd/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/endpoint.h"
#include "common/version.h"

#define DEFAULT_LISTEN "127.0.0.1:8080"

static const char help[] =
    "Usage: r3e-httpd --public DIR [--listen ADDR:PORT] [--status ENDPOINT]\n"
    "       r3e-httpd --config FILE [...]\n"
    "\n"
    "Serves the published files below DIR, until SIGINT or SIGTERM. /livez and /readyz tell\n"
    "whether it works and whether anything has been published; with --status, /metrics tells\n"
    "what the coordinator does (OpenMetrics). Nothing is logged of who asks for what.\n"
    "\n"
    "  -p, --public DIR         the public folder; it may be deleted and made again at any time\n"
    "  -l, --listen ADDR:PORT   an IP address or *, and a port (0: any free one); default " DEFAULT_LISTEN
    "\n"
    "  -s, --status ENDPOINT    the coordinator's status socket (sockets.status); whoever can\n"
    "                           reach this server can then read /metrics\n"
    "      --key FILE           our secret key, which needs the right \"monitor\", and\n"
    "      --server-key FILE    the coordinator's public one: for a tcp status socket with keys\n"
    "  -c, --config FILE        the coordinator's configuration: public.dir, http.listen and\n"
    "                           sockets.status, unless they are given here\n"
    "      --no-sandbox         give up no system calls and files: only to find a fault\n"
    "  -h, --help               this text\n"
    "  -V, --version            the version\n"
    "\n"
    "Exit codes: 0 ended by a signal, 1 failed, 2 wrong usage or configuration.\n"
    "\n"
    "Examples:\n"
    "  r3e-httpd --public /var/www/r3e-leaderboard\n"
    "  r3e-httpd --public public --listen '*:80'\n"
    "  r3e-httpd --config /etc/r3e-leaderboard/r3e-leaderboard.cfg\n"
    "  r3e-httpd --public public --status ipc:///var/lib/r3e-leaderboard/status.sock\n";

static enum options_outcome wrong(const char *message)
{
    if (message)
        fprintf(stderr, "r3e-httpd: %s\n", message);
    fputs("Try: r3e-httpd --help\n", stderr);
    return OPTIONS_WRONG;
}

/* What was not given comes from the file. */
static bool take_config(struct options *options, const char *path)
{
    const struct config *config = &options->config;
    struct config_problems problems = config_problems_make();
    bool loaded = config_load(&options->config, path, NULL, 0, &problems);
    config_problems_print(&problems, stderr);
    config_problems_free(&problems);
    if (!loaded)
        return false;
    if (!options->public_dir)
        options->public_dir = config->publish.dir;
    if (!options->listen && *config->http.listen)
        options->listen = config->http.listen;
    /* With keys there is a socket without for programs of this host beside it. */
    if (!options->status)
        options->status = config->security.server_key[0] && !options->key_path ? config->local_sockets.status
                                                                               : config->sockets.status;
    return true;
}

static enum options_outcome read_keys(struct options *options)
{
    char error[FILE_ERROR_SIZE];
    if (!options->key_path && !options->server_key_path)
        return OPTIONS_RUN;
    if (!options->key_path || !options->server_key_path)
        return wrong("--key and --server-key go together");
    if (!options->status || strncmp(options->status, "tcp://", 6) != 0)
        return wrong("--key is for a --status of tcp://");
    return client_keys_read(options->key_path, options->server_key_path, &options->keys, error)
               ? OPTIONS_RUN
               : wrong(error);
}

static enum options_outcome check(struct options *options)
{
    struct endpoint endpoint;
    const char *problem;
    if (!options->listen)
        options->listen = DEFAULT_LISTEN;
    if (!options->public_dir || !*options->public_dir)
        return wrong("name the folder with --public DIR");
    if (!options->status || endpoint_parse(options->status, &endpoint, &problem))
        return read_keys(options);
    fprintf(stderr, "r3e-httpd: --status %s: %s\n", options->status, problem);
    return wrong(NULL);
}

enum options_outcome options_parse(struct options *options, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"public", required_argument, NULL, 'p'},
        {"listen", required_argument, NULL, 'l'},
        {"status", required_argument, NULL, 's'},
        {"key", required_argument, NULL, 'K'},
        {"server-key", required_argument, NULL, 'S'},
        {"config", required_argument, NULL, 'c'},
        {"no-sandbox", no_argument, NULL, 'N'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    const char *config_path = NULL;
    int option;
    *options = (struct options){.sandbox = true};
    while ((option = getopt_long(argc, argv, "p:l:s:c:hV", long_options, NULL)) != -1) {
        if (option == 'p') {
            options->public_dir = optarg;
        } else if (option == 'l') {
            options->listen = optarg;
        } else if (option == 's') {
            options->status = optarg;
        } else if (option == 'K') {
            options->key_path = optarg;
        } else if (option == 'S') {
            options->server_key_path = optarg;
        } else if (option == 'N') {
            options->sandbox = false;
        } else if (option == 'c') {
            config_path = optarg;
        } else if (option == 'h') {
            fputs(help, stdout);
            return OPTIONS_DONE;
        } else if (option == 'V') {
            puts("r3e-httpd " R3E_VERSION);
            return OPTIONS_DONE;
        } else {
            return wrong(NULL);
        }
    }
    if (optind < argc)
        return wrong("only options are expected; the folder is named with --public DIR");
    if (!config_path)
        config_defaults(&options->config);
    else if (!take_config(options, config_path))
        return OPTIONS_WRONG;
    options->sandbox = options->sandbox && options->config.hardening.sandbox;
    return check(options);
}

void options_free(struct options *options)
{
    client_keys_wipe(&options->keys);
    config_free(&options->config);
}
