/* r3ectl: one command and out. The table is the list of what it can do. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/version.h"
#include "coordinator/ctl/backup.h"
#include "coordinator/ctl/board.h"
#include "coordinator/ctl/catalogue_import.h"
#include "coordinator/ctl/check.h"
#include "coordinator/ctl/command.h"
#include "coordinator/ctl/control.h"
#include "coordinator/ctl/events.h"
#include "coordinator/ctl/failed.h"
#include "coordinator/ctl/keygen.h"
#include "coordinator/ctl/metrics_command.h"
#include "coordinator/ctl/names_list.h"
#include "coordinator/ctl/search.h"
#include "coordinator/ctl/status.h"
#include "coordinator/ctl/watch.h"
#include "coordinator/ctl/workers.h"

static const struct ctl_command *const commands[] = {
    &status_command,
    &watch_command,
    &events_command,
    &workers_command,
    &failed_command,
    &board_command,
    &control_commands[CONTROL_WHY],
    &control_commands[CONTROL_REFRESH],
    &control_commands[CONTROL_PAUSE],
    &control_commands[CONTROL_RESUME],
    &control_commands[CONTROL_EXPORT],
    &control_commands[CONTROL_RELEASE],
    &control_commands[CONTROL_DRAIN],
    &metrics_command,
    &search_command,
    &names_command,
    &keygen_command,
    &catalogue_import_command,
    &check_command,
    &backup_command,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
    puts("Usage: r3ectl [--config FILE | --connect ENDPOINT] [--key FILE --server-key FILE] COMMAND …\n"
         "\n"
         "Commands:");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-18s %s\n", commands[i]->name, commands[i]->summary);
    puts("\n"
         "Options:\n"
         "  -c, --config FILE       the coordinator's configuration: where its sockets and files are\n"
         "      --connect ENDPOINT  the coordinator's control socket; behind status, watch, events\n"
         "                          and workers: its status socket\n"
         "      --key FILE          your secret key, and\n"
         "      --server-key FILE   the coordinator's public one: for its tcp sockets if it has keys\n"
         "  -h, --help              this text; behind a command: that command's\n"
         "  -V, --version           the version\n"
         "\n"
         "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done in part.\n"
         "\n"
         "Examples:\n"
         "  r3ectl catalogue import --help\n"
         "  r3ectl --config r3e-leaderboard.cfg watch\n"
         "  r3ectl --config r3e-leaderboard.cfg why \"Spa\" \"GTR 3\"\n"
         "  r3ectl --config r3e-leaderboard.cfg catalogue import r3e-data.json --dry-run\n"
         "  r3ectl search --public /var/www/r3e-leaderboard jorg");
}

/* The number of words of `name` if argv begins with them, else 0. */
static int match(const char *name, int argc, char **argv)
{
    size_t first = strcspn(name, " ");
    if (argc < 1 || strlen(argv[0]) != first || memcmp(argv[0], name, first) != 0)
        return 0;
    if (!name[first])
        return 1;
    return argc >= 2 && strcmp(argv[1], name + first + 1) == 0 ? 2 : 0;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

static int dispatch(const struct ctl_globals *globals, int argc, char **argv)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        int words = match(commands[i]->name, argc, argv);
        if (!words)
            continue;
        argc -= words - 1;
        argv += words - 1;
        if (asks_for_help(argc, argv)) {
            fputs(commands[i]->help, stdout);
            return CTL_DONE;
        }
        optind = 0; /* glibc: begin anew */
        return commands[i]->run(globals, argc, argv);
    }
    fprintf(stderr, "r3ectl: there is no command \"%s%s%s\"\nTry: r3ectl --help\n", argv[0],
        argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
    return CTL_WRONG;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        CTL_WHERE_OPTIONS,
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    struct ctl_globals globals = {0};
    int option;
    /* "+": options behind the command's name belong to the command. */
    while ((option = getopt_long(argc, argv, "+c:hV", long_options, NULL)) != -1) {
        if (ctl_take_where(&globals, option, optarg))
            continue;
        if (option == 'h') {
            print_help();
            return CTL_DONE;
        } else if (option == 'V') {
            puts("r3ectl " R3E_VERSION);
            return CTL_DONE;
        } else {
            fputs("Try: r3ectl --help\n", stderr);
            return CTL_WRONG;
        }
    }
    if (optind == argc) {
        fputs("r3ectl: no command\nTry: r3ectl --help\n", stderr);
        return CTL_WRONG;
    }
    return dispatch(&globals, argc - optind, argv + optind);
}
