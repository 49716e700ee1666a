#include "tests/upstream/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char USAGE[] =
    "Usage: r3e-upstream [OPTION]…\n"
    "A stand-in of RaceRoom's leaderboard service. Its boards are computed from the options: the same "
    "options,\n"
    "the same boards. It runs until SIGINT or SIGTERM, then prints its statistics.\n"
    "\n"
    "  --listen ADDR:PORT     IPv4 address (default 127.0.0.1:0: any free port; the first line of output "
    "tells)\n"
    "  --seed N               another world (default 1)\n"
    "  --entries N            entries of all boards together (default 296000)\n"
    "  --drivers N            people there are (default 57600)\n"
    "  --tracks N             made-up tracks (default 169)\n"
    "  --classes N            made-up classes (default 87)\n"
    "  --catalogue FILE       tracks and classes of a catalogue file instead\n"
    "  --filled PERCENT       share of the combinations that have entries, rounded down (default 45)\n"
    "  --plain                ASCII names and regular rows only\n"
    "  --worked-example       exactly the worked example of the published files' format\n"
    "  --latency-ms MIN[-MAX] time before each listing is answered\n"
    "  --rate N[:BURST]       listings per second (burst: default N); above it status 429 …\n"
    "  --retry-after S        … with Retry-After: S seconds (default 1), \"date\" or \"none\"\n"
    "  --gzip                 compress listings for clients that accept it\n"
    "  --fault TRACK-CLASS=MODE[:ARG][*COUNT]\n"
    "                         misbehave on this combination, only the first COUNT times; repeatable\n"
    "  --fault-every N=MODE[:ARG][*COUNT]\n"
    "                         misbehave on about each N-th combination; repeatable\n"
    "  --robots FILE          answer /robots.txt with it (default: all is allowed)\n"
    "  --robots-status N[*COUNT]\n"
    "                         … with this status (302: a redirect to itself), only the first COUNT times\n"
    "  --log FILE             one JSON line for each request\n"
    "  --write-catalogue FILE write the tracks and classes there are\n"
    "  --truth FILE           write every board (\"-\": standard output) and exit\n"
    "  --serve                with --truth: serve afterwards\n"
    "  --help, --version\n"
    "\n"
    "Examples:\n"
    "  r3e-upstream --listen 127.0.0.1:8081 --latency-ms 200-1500 --rate 5:10\n"
    "  r3e-upstream --tracks 3 --classes 2 --entries 5000 --drivers 2000 --fault 253-1685=503*2\n"
    "  r3e-upstream --entries 1000 --truth - | head -1\n"
    "\n"
    "Modes:\n";

enum option_code {
    OPTION_LISTEN = 1000,
    OPTION_SEED,
    OPTION_ENTRIES,
    OPTION_DRIVERS,
    OPTION_TRACKS,
    OPTION_CLASSES,
    OPTION_CATALOGUE,
    OPTION_FILLED,
    OPTION_PLAIN,
    OPTION_WORKED_EXAMPLE,
    OPTION_LATENCY,
    OPTION_RATE,
    OPTION_RETRY_AFTER,
    OPTION_GZIP,
    OPTION_FAULT,
    OPTION_FAULT_EVERY,
    OPTION_ROBOTS,
    OPTION_ROBOTS_STATUS,
    OPTION_LOG,
    OPTION_WRITE_CATALOGUE,
    OPTION_TRUTH,
    OPTION_SERVE,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option OPTIONS[] = {
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"entries", required_argument, NULL, OPTION_ENTRIES},
    {"drivers", required_argument, NULL, OPTION_DRIVERS},
    {"tracks", required_argument, NULL, OPTION_TRACKS},
    {"classes", required_argument, NULL, OPTION_CLASSES},
    {"catalogue", required_argument, NULL, OPTION_CATALOGUE},
    {"filled", required_argument, NULL, OPTION_FILLED},
    {"plain", no_argument, NULL, OPTION_PLAIN},
    {"worked-example", no_argument, NULL, OPTION_WORKED_EXAMPLE},
    {"latency-ms", required_argument, NULL, OPTION_LATENCY},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"retry-after", required_argument, NULL, OPTION_RETRY_AFTER},
    {"gzip", no_argument, NULL, OPTION_GZIP},
    {"fault", required_argument, NULL, OPTION_FAULT},
    {"fault-every", required_argument, NULL, OPTION_FAULT_EVERY},
    {"robots", required_argument, NULL, OPTION_ROBOTS},
    {"robots-status", required_argument, NULL, OPTION_ROBOTS_STATUS},
    {"log", required_argument, NULL, OPTION_LOG},
    {"write-catalogue", required_argument, NULL, OPTION_WRITE_CATALOGUE},
    {"truth", required_argument, NULL, OPTION_TRUTH},
    {"serve", no_argument, NULL, OPTION_SERVE},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

// Reads a decimal number of 0 to `most` at *text and moves behind it.
static bool take_number(const char **text, uint64_t most, uint64_t *number)
{
    if (**text < '0' || **text > '9')
        return false;
    char *end = NULL;
    errno = 0;
    *number = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0 && *number <= most;
}

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    return take_number(&text, most, number) && *text == '\0' && *number >= least;
}

static bool parse_uint32(const char *text, uint32_t least, uint32_t most, uint32_t *number)
{
    uint64_t wide = 0;
    bool parsed = parse_number(text, least, most, &wide);
    *number = (uint32_t)wide;
    return parsed;
}

// Reads A or A<separator>B; without B, *second becomes A.
static bool parse_pair(const char *text, char separator, uint32_t *first, uint32_t *second)
{
    uint64_t a = 0, b = 0;
    if (!take_number(&text, 1000000, &a))
        return false;
    b = a;
    if (*text == separator) {
        text++;
        if (!take_number(&text, 1000000, &b))
            return false;
    }
    *first = (uint32_t)a;
    *second = (uint32_t)b;
    return *text == '\0';
}

static bool parse_address(const char *text, struct sockaddr_in *address)
{
    char host[INET_ADDRSTRLEN] = "";
    const char *colon = strrchr(text, ':');
    uint32_t port = 0;
    if (!colon || (size_t)(colon - text) >= sizeof host || !parse_uint32(colon + 1, 0, UINT16_MAX, &port))
        return false;
    memcpy(host, text, (size_t)(colon - text));
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static bool parse_percent(const char *text, double *percent)
{
    char *end = NULL;
    *percent = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*percent) && *percent >= 0 && *percent <= 100;
}

static bool parse_retry_after(const char *text, struct options *options)
{
    options->retry_after = RETRY_AFTER_SECONDS;
    if (strcmp(text, "date") == 0)
        options->retry_after = RETRY_AFTER_DATE;
    else if (strcmp(text, "none") == 0)
        options->retry_after = RETRY_AFTER_NONE;
    else
        return parse_uint32(text, 0, 1000000, &options->retry_after_s);
    return true;
}

// Numbers of the world; see take_option().
static bool take_world_option(struct options *options, int option, const char *argument)
{
    enum { DRIVERS_MAX = 10000000 };
    switch (option) {
    case OPTION_SEED:
        return parse_number(argument, 0, UINT64_MAX, &options->world.seed);
    case OPTION_ENTRIES:
        return parse_number(argument, 0, UINT32_MAX / 2, &options->world.entries);
    case OPTION_DRIVERS:
        return parse_uint32(argument, 1, DRIVERS_MAX, &options->world.drivers);
    case OPTION_TRACKS:
        return parse_uint32(argument, 1, CATALOGUE_ITEMS_MAX, &options->tracks);
    case OPTION_CLASSES:
        return parse_uint32(argument, 1, CATALOGUE_ITEMS_MAX, &options->classes);
    case OPTION_FILLED:
        return parse_percent(argument, &options->world.filled_percent);
    case OPTION_PLAIN:
        options->world.plain = true;
        return true;
    case OPTION_WORKED_EXAMPLE:
        options->world.worked_example = true;
        return true;
    default:
        return false;
    }
}

// Files to read and write; see take_option().
static bool take_file_option(struct options *options, int option, const char *argument)
{
    switch (option) {
    case OPTION_CATALOGUE:
        options->catalogue_file = argument;
        return true;
    case OPTION_ROBOTS:
        options->robots_file = argument;
        return true;
    case OPTION_LOG:
        options->log_file = argument;
        return true;
    case OPTION_WRITE_CATALOGUE:
        options->write_catalogue_file = argument;
        return true;
    case OPTION_TRUTH:
        options->truth_file = argument;
        return true;
    default:
        return take_world_option(options, option, argument);
    }
}

// False: the argument does not fit the option.
static bool take_option(struct options *options, int option, const char *argument)
{
    switch (option) {
    case OPTION_LISTEN:
        return parse_address(argument, &options->listen);
    case OPTION_LATENCY:
        return parse_pair(argument, '-', &options->latency_min_ms, &options->latency_max_ms) &&
               options->latency_min_ms <= options->latency_max_ms;
    case OPTION_RATE:
        return parse_pair(argument, ':', &options->rate, &options->burst) && options->burst > 0;
    case OPTION_RETRY_AFTER:
        return parse_retry_after(argument, options);
    case OPTION_FAULT:
        return faults_add(options->faults, argument);
    case OPTION_FAULT_EVERY:
        return faults_add_every(options->faults, argument);
    case OPTION_ROBOTS_STATUS:
        options->robots_count = UINT32_MAX;
        if (!strchr(argument, '*'))
            return parse_uint32(argument, 100, 599, &options->robots_status);
        return parse_pair(argument, '*', &options->robots_status, &options->robots_count);
    case OPTION_GZIP:
        options->gzip = true;
        return true;
    case OPTION_SERVE:
        options->serve = true;
        return true;
    default:
        return take_file_option(options, option, argument);
    }
}

static enum options_result print_help(void)
{
    fputs(USAGE, stdout);
    faults_print_modes();
    return OPTIONS_DONE;
}

enum options_result options_parse(struct options *options, int count, char **arguments)
{
    *options = (struct options){.listen = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .world = {.seed = 1, .entries = 296000, .drivers = 57600, .filled_percent = 45},
        .tracks = 169,
        .classes = 87,
        .retry_after_s = 1,
        .faults = faults_new()};
    int index = 0;
    int option = 0;
    while ((option = getopt_long(count, arguments, "", OPTIONS, &index)) != -1) {
        if (option == OPTION_HELP)
            return print_help();
        if (option == OPTION_VERSION) {
            puts("r3e-upstream " R3E_VERSION);
            return OPTIONS_DONE;
        }
        if (option == '?') {
            fputs("r3e-upstream: --help lists the options\n", stderr);
            return OPTIONS_WRONG;
        }
        if (!take_option(options, option, optarg)) {
            fprintf(stderr, "r3e-upstream: \"%s\" is no value for --%s; --help tells what is expected\n",
                optarg ? optarg : "", OPTIONS[index].name);
            return OPTIONS_WRONG;
        }
    }
    if (optind < count) {
        fprintf(stderr, "r3e-upstream: unexpected argument \"%s\"; --help lists the options\n",
            arguments[optind]);
        return OPTIONS_WRONG;
    }
    return OPTIONS_OK;
}

void options_free(struct options *options)
{
    faults_free(options->faults);
}
