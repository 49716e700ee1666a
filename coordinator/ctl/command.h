#ifndef R3E_COORDINATOR_CTL_COMMAND_H
#define R3E_COORDINATOR_CTL_COMMAND_H
/* What every command of r3ectl gets and shares. A command is one file with one function and one row in
 * main.c's table. */
#include <stdbool.h>

#include "common/config.h"

/* Exit codes. */
enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_WRONG = 2, CTL_PARTLY = 3 };

/* Options in front of the command's name; borrowed from argv, NULL where not given. */
struct ctl_globals {
    const char *config_path;
    const char *connect;
    const char *key_path, *server_key_path; /* for tcp sockets; both or none */
};

struct ctl_command {
    const char *name;    /* one or two words, separated by one blank */
    const char *summary; /* a line of `r3ectl --help` */
    const char *help;    /* all of `r3ectl NAME --help`: usage, options, examples */

    /* argv[0] is the last word of the name; getopt_long may be used (optind is 0). Returns the exit code.
     * --help is answered before this is called. */
    int (*run)(const struct ctl_globals *globals, int argc, char **argv);
};

/* Loads the file of --config. False: what is wrong was written to standard error; exit with CTL_WRONG.
 * Release `*config` with config_free in both cases. Without --config: false, asking for it. */
bool ctl_load_config(const struct ctl_globals *globals, struct config *config);

enum ctl_socket { CTL_SOCKET_STATUS, CTL_SOCKET_CONTROL };

/* Where one of the coordinator's sockets is: `connect` if given, else that of the configuration at
 * `config_path`; of one that is encrypted, without --key, the one beside it for this host. Owned by the
 * caller; NULL after saying what is wrong or missing (exit with CTL_WRONG). */
char *ctl_endpoint(const struct ctl_globals *where, const char *name, enum ctl_socket socket);

/* Takes the options --config, --connect, --key and --server-key, by the values in CTL_WHERE_OPTIONS, behind a
 * command's name. False: it is none of them. */
#define CTL_WHERE_OPTIONS                                                                                    \
    {"config", required_argument, NULL, 'c'}, {"connect", required_argument, NULL, 'C'},                     \
        {"key", required_argument, NULL, 'K'},                                                               \
    {                                                                                                        \
        "server-key", required_argument, NULL, 'S'                                                           \
    }
bool ctl_take_where(struct ctl_globals *where, int option, const char *argument);

/* Their lines of --help, for a command that talks to that socket; and that of --json. */
#define CTL_CONTROL_HELP CTL_WHERE_HELP("control")
#define CTL_STATUS_HELP  CTL_WHERE_HELP("status")
#define CTL_WHERE_HELP(socket)                                                                               \
    "  -c, --config FILE        the coordinator's configuration\n"                                           \
    "      --connect ENDPOINT   its " socket " socket (sockets." socket ")\n"                                \
    "      --key FILE, --server-key FILE   your secret key and its public one, if it has keys\n"
#define CTL_JSON_HELP "  -j, --json               as JSON (common/PROTOCOL.md)\n"

/* Writes "r3ectl NAME: message" and where to find help to standard error. Returns CTL_WRONG. */
int ctl_wrong_usage(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
