#include "exporter/httpd/options.h"

#include <getopt.h>
#include <stdio.h>

#include "common/version.h"

#define DEFAULT_LISTEN "127.0.0.1:8080"

static const char help[] =
    "Usage: r3e-httpd --public DIR [--listen ADDR:PORT]\n"
    "\n"
    "Serves the published files below DIR, until SIGINT or SIGTERM.\n"
    "\n"
    "  -p, --public DIR         the public folder; it may be deleted and made again at any time\n"
    "  -l, --listen ADDR:PORT   an IP address or *, and a port (0: any free one); default " DEFAULT_LISTEN
    "\n"
    "  -h, --help               this text\n"
    "  -V, --version            the version\n"
    "\n"
    "Exit codes: 0 ended by a signal, 1 failed, 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  r3e-httpd --public /var/www/r3e-leaderboard\n"
    "  r3e-httpd --public public --listen '*:80'\n";

static enum options_outcome wrong(const char *message)
{
    if (message)
        fprintf(stderr, "r3e-httpd: %s\n", message);
    fputs("Try: r3e-httpd --help\n", stderr);
    return OPTIONS_WRONG;
}

enum options_outcome options_parse(struct options *options, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"public", required_argument, NULL, 'p'},
        {"listen", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct options){.listen = DEFAULT_LISTEN};
    int option;
    while ((option = getopt_long(argc, argv, "p:l:hV", long_options, NULL)) != -1) {
        switch (option) {
        case 'p':
            options->public_dir = optarg;
            break;
        case 'l':
            options->listen = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return OPTIONS_DONE;
        case 'V':
            puts("r3e-httpd " R3E_VERSION);
            return OPTIONS_DONE;
        default:
            return wrong(NULL);
        }
    }
    if (optind < argc)
        return wrong("only options are expected; the folder is named with --public DIR");
    if (!options->public_dir || !*options->public_dir)
        return wrong("name the folder with --public DIR");
    return OPTIONS_RUN;
}
