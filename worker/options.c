#include "worker/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/endpoint.h"
#include "common/supervisor.h"
#include "common/version.h"

#define EXIT_DEADLINE_DEFAULT_S 300
#define EXIT_DEADLINE_MOST_S    86400

static const char help[] =
    "Usage: r3e-worker --connect ENDPOINT [--pool N] [--key FILE --server-key FILE]\n"
    "\n"
    "Fetches leaderboards for an r3e-coordinator, which tells it everything else. Needs no configuration.\n"
    "\n"
    "  -c, --connect ENDPOINT   the coordinator's jobs socket: ipc:///PATH or tcp://HOST:PORT\n"
    "  -p, --pool N             keep N workers alive, 1 to 256; without it: be one\n"
    "  -k, --key FILE           our secret key (r3ectl keygen NAME --rights worker); its .pub file goes "
    "into\n"
    "                           the folder security.authorized_keys of the coordinator\n"
    "  -s, --server-key FILE    the coordinator's public key: its .pub file\n"
    "      --exit-deadline-s N  give up when the coordinator stays away for so long (default 300)\n"
    "      --allow-insecure     speak plain text beyond this host: everybody on the way can read and forge\n"
    "      --tcp-ports LIST     the upstream's port, and that of the results socket if it is tcp, as "
    "443,5556: no\n"
    "                           others can be connected to but --connect's; default: those that the\n"
    "                           coordinator names, for the thread that fetches\n"
    "      --no-sandbox         give up no system calls, files and ports: only to find a fault\n"
    "  -l, --log-level LEVEL    debug, info (default), warn or error\n"
    "      --log-format FORMAT  text (default) or json\n"
    "  -h, --help               this text\n"
    "  -V, --version            the version\n"
    "\n"
    "Exit codes: 0 done (retired, asked to leave, SIGTERM), 1 failed, 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  r3e-worker --connect ipc:///var/lib/r3e-leaderboard/jobs.sock\n"
    "  r3e-worker --connect tcp://127.0.0.1:4251 --pool 4 --log-format json\n"
    "  r3e-worker --connect tcp://192.0.2.7:4251 --pool 4 --key worker.key --server-key coordinator.pub\n";

enum {
    OPTION_EXIT_DEADLINE = 256,
    OPTION_ALLOW_INSECURE,
    OPTION_LOG_FORMAT,
    OPTION_TCP_PORTS,
    OPTION_NO_SANDBOX
};

static const struct option long_options[] = {
    {"connect", required_argument, NULL, 'c'},
    {"pool", required_argument, NULL, 'p'},
    {"key", required_argument, NULL, 'k'},
    {"server-key", required_argument, NULL, 's'},
    {"exit-deadline-s", required_argument, NULL, OPTION_EXIT_DEADLINE},
    {"allow-insecure", no_argument, NULL, OPTION_ALLOW_INSECURE},
    {"log-level", required_argument, NULL, 'l'},
    {"log-format", required_argument, NULL, OPTION_LOG_FORMAT},
    {"tcp-ports", required_argument, NULL, OPTION_TCP_PORTS},
    {"no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static enum options_outcome wrong(const char *option, const char *value, const char *expected)
{
    fprintf(stderr, "r3e-worker: %s \"%s\" %s\nTry: r3e-worker --help\n", option, value, expected);
    return OPTIONS_WRONG;
}

static bool parse_number(const char *string, long least, long most, long *number)
{
    char *end;
    errno = 0;
    *number = strtol(string, &end, 10);
    return errno == 0 && end != string && *end == 0 && *number >= least && *number <= most;
}

static bool parse_format(const char *string, enum log_format *format)
{
    *format = strcmp(string, "json") == 0 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT;
    return *format == LOG_FORMAT_JSON || strcmp(string, "text") == 0;
}

static enum options_outcome apply(struct options *options, int option, char *value)
{
    long number;
    switch (option) {
    case 'c':
        options->endpoint = value;
        return OPTIONS_RUN;
    case 'p':
        if (!parse_number(value, 1, SUPERVISOR_CHILDREN_MAX, &number))
            return wrong("--pool", value, "is not a number from 1 to 256");
        options->pool = (unsigned)number;
        return OPTIONS_RUN;
    case 'k':
        options->key_path = value;
        return OPTIONS_RUN;
    case 's':
        options->server_key_path = value;
        return OPTIONS_RUN;
    case OPTION_EXIT_DEADLINE:
        if (!parse_number(value, 1, EXIT_DEADLINE_MOST_S, &number))
            return wrong("--exit-deadline-s", value, "is not a number of seconds from 1 to 86400");
        options->exit_deadline_ms = number * 1000;
        return OPTIONS_RUN;
    case OPTION_ALLOW_INSECURE:
        options->allow_insecure = true;
        return OPTIONS_RUN;
    case OPTION_TCP_PORTS:
        if (!reach_parse(&options->reach, value))
            return wrong("--tcp-ports", value, "is no list of up to 12 ports, as 443,5556");
        return OPTIONS_RUN;
    case OPTION_NO_SANDBOX:
        options->reach.sandbox = false;
        return OPTIONS_RUN;
    case 'l':
        if (!log_level_from_string(value, &options->log_level))
            return wrong("--log-level", value, "is none of debug, info, warn, error");
        return OPTIONS_RUN;
    case OPTION_LOG_FORMAT:
        if (!parse_format(value, &options->log_format))
            return wrong("--log-format", value, "is neither text nor json");
        return OPTIONS_RUN;
    case 'h':
        fputs(help, stdout);
        return OPTIONS_DONE;
    case 'V':
        puts("r3e-worker " R3E_VERSION);
        return OPTIONS_DONE;
    default:
        fputs("Try: r3e-worker --help\n", stderr);
        return OPTIONS_WRONG;
    }
}

static enum options_outcome check_endpoint(const struct options *options)
{
    struct endpoint endpoint;
    const char *problem;
    if (!options->endpoint) {
        fputs("r3e-worker: no coordinator; name its jobs socket with --connect ENDPOINT\n"
              "Try: r3e-worker --help\n",
            stderr);
        return OPTIONS_WRONG;
    }
    if (!endpoint_parse(options->endpoint, &endpoint, &problem))
        return wrong("--connect", options->endpoint, problem);
    if (endpoint.kind == ENDPOINT_TCP && (endpoint.port == 0 || strcmp(endpoint.host, "*") == 0))
        return wrong("--connect", options->endpoint, "names no host and port to connect to");
    if (endpoint.kind == ENDPOINT_IPC && options->key_path)
        return wrong("--key", options->key_path, "is of no use: an ipc socket is not encrypted");
    if (!endpoint.loopback && !options->key_path && !options->allow_insecure)
        return wrong("--connect", options->endpoint,
            "leads beyond this host in plain text; give --key and --server-key, or allow it with "
            "--allow-insecure");
    return OPTIONS_RUN;
}

static enum options_outcome read_keys(struct options *options)
{
    char error[FILE_ERROR_SIZE];
    if (!options->key_path && !options->server_key_path)
        return OPTIONS_RUN;
    if (!options->key_path || !options->server_key_path)
        return wrong(options->key_path ? "--key" : "--server-key",
            options->key_path ? options->key_path : options->server_key_path,
            "needs the other of --key and --server-key too");
    if (client_keys_read(options->key_path, options->server_key_path, &options->keys, error))
        return OPTIONS_RUN;
    fprintf(stderr, "r3e-worker: %s\n", error);
    return OPTIONS_WRONG;
}

enum options_outcome options_parse(struct options *options, int argc, char **argv)
{
    int option;
    *options = (struct options){.exit_deadline_ms = EXIT_DEADLINE_DEFAULT_S * 1000,
        .reach.sandbox = true,
        .log_level = LOG_LEVEL_INFO};
    while ((option = getopt_long(argc, argv, "c:p:k:s:l:hV", long_options, NULL)) != -1) {
        enum options_outcome outcome = apply(options, option, optarg);
        if (outcome != OPTIONS_RUN)
            return outcome;
    }
    if (optind < argc)
        return wrong("argument", argv[optind], "is not an option");
    enum options_outcome outcome = check_endpoint(options);
    return outcome == OPTIONS_RUN ? read_keys(options) : outcome;
}
