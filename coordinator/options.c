#include "coordinator/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/version.h"

static const char help[] =
    "Usage: r3e-coordinator --config FILE [--set GROUP.KEY=VALUE]… [--once | --check | --print-config]\n"
    "\n"
    "Crawls RaceRoom's leaderboards politely, keeps them and has them published.\n"
    "\n"
    "  -c, --config FILE           read the configuration from FILE\n"
    "  -s, --set GROUP.KEY=VALUE   override one key; may be given several times\n"
    "      --once                  fetch what is due, publish, exit\n"
    "      --check                 say what is wrong with configuration and catalogue, exit\n"
    "      --print-config          print the configuration in force as a file, exit;\n"
    "                              without --config and --set: an example with all defaults\n"
    "  -h, --help                  this text\n"
    "  -V, --version               the version\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done in part (--once).\n"
    "\n"
    "Examples:\n"
    "  r3e-coordinator --print-config > r3e-leaderboard.cfg\n"
    "  r3e-coordinator --config r3e-leaderboard.cfg --check\n"
    "  r3e-coordinator --config r3e-leaderboard.cfg --set politeness.rate_per_s=2 --once\n";

enum { OPTION_ONCE = 256, OPTION_CHECK, OPTION_PRINT_CONFIG };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"set", required_argument, NULL, 's'},
    {"once", no_argument, NULL, OPTION_ONCE},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"print-config", no_argument, NULL, OPTION_PRINT_CONFIG},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static enum options_outcome wrong(const char *message)
{
    fprintf(stderr, "r3e-coordinator: %s\nTry: r3e-coordinator --help\n", message);
    return OPTIONS_WRONG;
}

static enum options_outcome check_together(const struct options *options)
{
    if (options->once + options->check + options->print_config > 1)
        return wrong("--once, --check and --print-config exclude each other");
    if (!options->config_path && !options->override_count && !options->print_config)
        return wrong("no configuration; name one with --config FILE");
    return OPTIONS_RUN;
}

enum options_outcome options_parse(struct options *options, int argc, char **argv)
{
    *options = (struct options){.overrides = memory_zalloc((size_t)argc, sizeof(const char *))};
    int option;
    while ((option = getopt_long(argc, argv, "c:s:hV", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            options->config_path = optarg;
            break;
        case 's':
            options->overrides[options->override_count++] = optarg;
            break;
        case OPTION_ONCE:
            options->once = true;
            break;
        case OPTION_CHECK:
            options->check = true;
            break;
        case OPTION_PRINT_CONFIG:
            options->print_config = true;
            break;
        case 'h':
            fputs(help, stdout);
            return OPTIONS_DONE;
        case 'V':
            puts("r3e-coordinator " R3E_VERSION);
            return OPTIONS_DONE;
        default:
            fputs("Try: r3e-coordinator --help\n", stderr);
            return OPTIONS_WRONG;
        }
    }
    if (optind < argc) {
        fprintf(
            stderr, "r3e-coordinator: \"%s\" is not an option\nTry: r3e-coordinator --help\n", argv[optind]);
        return OPTIONS_WRONG;
    }
    return check_together(options);
}

void options_free(struct options *options)
{
    free(options->overrides);
    *options = (struct options){0};
}
