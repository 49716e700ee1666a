#include "coordinator/ctl/search.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/ctl/fold.h"
#include "coordinator/ctl/index_reader.h"
#include "coordinator/ctl/match_print.h"
#include "coordinator/ctl/matches.h"

#define NAME          "search"
#define INDEX_PATH    "cache/driver_index.json.gz"
#define DEFAULT_LIMIT 10
#define NEEDLE_MAX    ((size_t)256)

struct search {
    const char *name;
    const char *public_dir;
    struct config config; /* owns `public_dir` where that comes from --config */
    uint32_t limit;
    uint32_t driver_limit;
    bool json;
    struct buffer needles[FOLD_STYLES];
    struct buffer folded; /* the key being looked at */
    struct matches matches;
};

/* ---- looking ---- */

static bool wants(void *context, struct text key)
{
    struct search *search = context;
    enum fold_match best = FOLD_NONE;
    for (int style = 0; style < FOLD_STYLES; style++) {
        if (!fold_text(key, (enum fold_style)style, &search->folded))
            continue;
        enum fold_match match = fold_find(&search->folded, &search->needles[style]);
        best = match < best ? match : best;
    }
    if (best == FOLD_NONE)
        return false;
    matches_begin(&search->matches, key, best);
    return true;
}

static void take_entry(void *context, struct text json)
{
    struct search *search = context;
    matches_entry(&search->matches, json);
}

static void driver_end(void *context)
{
    struct search *search = context;
    matches_end(&search->matches);
}

static int look(struct search *search)
{
    char path[PATH_MAX];
    char error[INDEX_READER_ERROR_SIZE];
    const struct index_visitor visitor = {wants, take_entry, driver_end, search};
    int length = snprintf(path, sizeof path, "%s/" INDEX_PATH, search->public_dir);
    if (length < 0 || (size_t)length >= sizeof path)
        return ctl_wrong_usage(NAME, "the path of the public folder is too long");
    if (!index_reader_run(path, &visitor, error)) {
        fprintf(stderr, "r3ectl " NAME ": %s\nIs %s the public folder, and was something published?\n", error,
            search->public_dir);
        return CTL_FAILED;
    }
    if (search->json)
        match_print_json(&search->matches, search->name);
    else if (search->matches.found)
        match_print_tables(&search->matches, search->name);
    else
        fprintf(stderr, "r3ectl " NAME ": no driver's name contains \"%s\"; try a shorter part of it\n",
            search->name);
    return search->matches.found ? CTL_DONE : CTL_FAILED;
}

/* ---- command line ---- */

static int parse_number(const char *option, const char *string, uint32_t most, uint32_t *number)
{
    char *end;
    unsigned long value = strtoul(string, &end, 10);
    if (*string < '0' || *string > '9' || *end || value < 1 || value > most)
        return ctl_wrong_usage(NAME, "%s %s: expected a number from 1 to %u", option, string, most);
    *number = (uint32_t)value;
    return CTL_DONE;
}

static int parse(struct search *search, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"public", required_argument, NULL, 'p'},
        {"limit", required_argument, NULL, 'n'},
        {"drivers", required_argument, NULL, 'd'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    int option;
    int code = CTL_DONE;
    while (code == CTL_DONE && (option = getopt_long(argc, argv, "p:n:d:j", long_options, NULL)) != -1) {
        if (option == 'p')
            search->public_dir = optarg;
        else if (option == 'n')
            code = parse_number("--limit", optarg, MATCHES_LIMIT_MAX, &search->limit);
        else if (option == 'd')
            code = parse_number("--drivers", optarg, MATCHES_KEPT, &search->driver_limit);
        else if (option == 'j')
            search->json = true;
        else
            code = ctl_wrong_usage(NAME, "unknown option or missing argument");
    }
    if (code != CTL_DONE)
        return code;
    if (argc - optind != 1)
        return ctl_wrong_usage(NAME, "expected one NAME, in quotes if it has blanks");
    search->name = argv[optind];
    return CTL_DONE;
}

static int fold_needles(struct search *search)
{
    struct text name = {search->name, (uint32_t)strnlen(search->name, NEEDLE_MAX + 1)};
    for (int style = 0; style < FOLD_STYLES; style++) {
        search->needles[style] = buffer_make(NEEDLE_MAX);
        if (!fold_text(name, (enum fold_style)style, &search->needles[style]))
            return ctl_wrong_usage(NAME, "the name is not UTF-8 or longer than %zu bytes", NEEDLE_MAX);
    }
    if (search->needles[FOLD_SHORT].length == 0)
        return ctl_wrong_usage(NAME, "the name is empty");
    return CTL_DONE;
}

static int choose_folder(const struct ctl_globals *globals, struct search *search)
{
    if (search->public_dir)
        return CTL_DONE;
    if (!globals->config_path)
        return ctl_wrong_usage(NAME,
            "name the public folder with --public DIR, or the configuration with r3ectl --config FILE " NAME);
    config_free(&search->config);
    if (!ctl_load_config(globals, &search->config))
        return CTL_WRONG;
    search->public_dir = search->config.publish.dir;
    return CTL_DONE;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    struct search search = {
        .limit = DEFAULT_LIMIT, .driver_limit = MATCHES_KEPT, .folded = buffer_make(INDEX_READER_ITEM_MAX)};
    config_defaults(&search.config);
    int code = parse(&search, argc, argv);
    if (code == CTL_DONE)
        code = fold_needles(&search);
    if (code == CTL_DONE)
        code = choose_folder(globals, &search);
    if (code == CTL_DONE) {
        search.matches = matches_make(search.driver_limit, search.limit);
        code = look(&search);
        matches_free(&search.matches);
    }
    for (int style = 0; style < FOLD_STYLES; style++)
        buffer_free(&search.needles[style]);
    buffer_free(&search.folded);
    config_free(&search.config);
    return code;
}

const struct ctl_command search_command = {
    .name = NAME,
    .summary = "look a driver up in the published files",
    .help = "Usage: r3ectl [--config FILE] " NAME " NAME [--public DIR] [--limit N] [--drivers N] [--json]\n"
            "\n"
            "Finds drivers whose name contains NAME, whatever the accents and the case, and shows their\n"
            "best results. Several drivers are listed, and the results of the best three shown.\n"
            "\n"
            "  -p, --public DIR   the public folder; default: public.dir of --config\n"
            "  -n, --limit N      results of each driver, 1 to 500; default 10\n"
            "  -d, --drivers N    drivers that are listed, 1 to 50; default 50\n"
            "  -j, --json         as JSON, the entries as they are published\n"
            "\n"
            "Exit codes: 0 found, 1 nobody found or nothing published, 2 wrong usage.\n"
            "\n"
            "Examples:\n"
            "  r3ectl " NAME " --public /var/www/r3e-leaderboard jorg\n"
            "  r3ectl --config r3e-leaderboard.cfg " NAME " \"bob dylan\" --limit 50\n",
    .run = run,
};
