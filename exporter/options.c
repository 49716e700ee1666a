#include "exporter/options.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/version.h"

#define EXIT_USAGE 2

/* More threads than this cost memory and bring nothing: the writing itself is in order. */
#define THREADS_BY_ITSELF 4

static const char help_text[] =
    "Usage: r3e-exporter --store DIR --public DIR [OPTION]…\n"
    "Publishes what the store holds as static files below PUBLIC/cache, each replaced as a whole;\n"
    "files whose content is the same stay untouched.\n"
    "\n"
    "  --store DIR        the coordinator's store (only read; the coordinator may be running)\n"
    "  --public DIR       the site's root; made if missing\n"
    "  --layouts LIST     flat, sharded, or both with a comma (default: flat,sharded)\n"
    "  --full             build everything anew, using nothing kept from earlier runs\n"
    "  --report           print the figures, or {\"error\": …}, as one JSON object\n"
    "  --threads N        at most this many threads compress (default: one a core, at most 4)\n"
    "  --max-rss-mb N     give up when the process holds more memory (default: 0, no limit)\n"
    "  --timeout-s N      give up after this time, publishing nothing (default: 0, no limit)\n"
    "  --no-sandbox       give up no system calls and files: only to find a fault\n"
    "  --help, --version\n"
    "\n"
    "Examples:\n"
    "  r3e-exporter --store /var/lib/r3e/store --public /var/www/r3e\n"
    "  r3e-exporter --store store --public site --report --timeout-s 60 | jq .total_entries\n"
    "\n"
    "Exit codes: 0 published, 1 failed (the old files stay), 2 wrong usage.\n";

_Noreturn static void __attribute__((format(printf, 1, 2))) usage_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("r3e-exporter: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("; see r3e-exporter --help\n", stderr);
    va_end(arguments);
    exit(EXIT_USAGE);
}

static int64_t read_number(const char *option, const char *value, int64_t low, int64_t high)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno || end == value || *end || number < low || number > high)
        usage_error("--%s %s: wanted a whole number from %lld to %lld", option, value, (long long)low,
            (long long)high);
    return number;
}

static unsigned read_layouts(const char *list)
{
    static const struct {
        const char *name;
        unsigned bit;
    } known[] = {{"flat", LAYOUT_FLAT}, {"sharded", LAYOUT_SHARDED}};
    unsigned layouts = 0;
    for (const char *at = list;; at++) {
        size_t length = strcspn(at, ",");
        unsigned bit = 0;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (strlen(known[i].name) == length && memcmp(known[i].name, at, length) == 0)
                bit = known[i].bit;
        }
        if (!bit)
            usage_error("--layouts %s: wanted flat, sharded or flat,sharded", list);
        layouts |= bit;
        at += length;
        if (!*at)
            return layouts;
    }
}

static unsigned default_threads(void)
{
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0)
        return 1;
    int count = CPU_COUNT(&cpus);
    return count > THREADS_BY_ITSELF ? THREADS_BY_ITSELF : (unsigned)count;
}

enum option_code {
    OPTION_STORE = 256,
    OPTION_PUBLIC,
    OPTION_LAYOUTS,
    OPTION_FULL,
    OPTION_REPORT,
    OPTION_THREADS,
    OPTION_MAX_RSS,
    OPTION_TIMEOUT,
    OPTION_NO_SANDBOX,
    OPTION_HELP,
    OPTION_VERSION
};

static void apply(struct options *options, int option, const char *value)
{
    switch (option) {
    case OPTION_STORE:
        options->store = value;
        break;
    case OPTION_PUBLIC:
        options->public = value;
        break;
    case OPTION_LAYOUTS:
        options->layouts = read_layouts(value);
        break;
    case OPTION_FULL:
        options->full = true;
        break;
    case OPTION_REPORT:
        options->report = true;
        break;
    case OPTION_THREADS:
        options->threads = (unsigned)read_number("threads", value, 1, OPTIONS_THREADS_MAX);
        break;
    case OPTION_MAX_RSS:
        options->max_rss_kb = read_number("max-rss-mb", value, 0, 1 << 20) * 1024;
        break;
    case OPTION_TIMEOUT:
        options->timeout_ms = read_number("timeout-s", value, 0, 86400) * 1000;
        break;
    case OPTION_NO_SANDBOX:
        options->sandbox = false;
        break;
    case OPTION_HELP:
        fputs(help_text, stdout);
        exit(0);
    case OPTION_VERSION:
        puts("r3e-exporter " R3E_VERSION);
        exit(0);
    default: /* getopt_long has said what is wrong */
        fputs("see r3e-exporter --help\n", stderr);
        exit(EXIT_USAGE);
    }
}

struct options options_read(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"store", required_argument, NULL, OPTION_STORE},
        {"public", required_argument, NULL, OPTION_PUBLIC},
        {"layouts", required_argument, NULL, OPTION_LAYOUTS},
        {"full", no_argument, NULL, OPTION_FULL},
        {"report", no_argument, NULL, OPTION_REPORT},
        {"threads", required_argument, NULL, OPTION_THREADS},
        {"max-rss-mb", required_argument, NULL, OPTION_MAX_RSS},
        {"timeout-s", required_argument, NULL, OPTION_TIMEOUT},
        {"no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
    };
    struct options options = {
        .layouts = LAYOUT_FLAT | LAYOUT_SHARDED, .threads = default_threads(), .sandbox = true};
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        apply(&options, option, optarg);
    if (optind < argc)
        usage_error("what is '%s'? Every argument is an option", argv[optind]);
    if (!options.store || !*options.store)
        usage_error("--store DIR is missing: the folder of the coordinator's store");
    if (!options.public || !*options.public)
        usage_error("--public DIR is missing: the folder to publish in");
    return options;
}
