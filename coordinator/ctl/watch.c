#include "coordinator/ctl/watch.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/progress_line.h"
#include "coordinator/ctl/status_client.h"
#include "coordinator/ctl/terminal.h"
#include "coordinator/ctl/watch_screen.h"

#define NAME           "watch"
#define PLAIN_EVERY_MS 5000
#define LINE_MAX       ((size_t)4096)
#define CLEAR_TO_END   "\x1b[K"

struct watch {
    struct ctl_globals where;
    const char *control;
    bool until_done;
    bool line; /* asked for one line in place of the whole screen */
    bool live; /* one line that is drawn over and over */
    bool utf8;
    char last_state[SUMMARY_STRING_SIZE];
    int64_t next_plain_ms;
    struct buffer line_text;
};

static void draw_live(struct watch *watch, const struct summary *summary)
{
    /* The terminal may have been resized. A full last column would make some terminals wrap. */
    unsigned width = columns_of_terminal();
    buffer_clear(&watch->line_text);
    progress_line_live(summary, width > 1 ? width - 1 : 79, watch->utf8, &watch->line_text);
    printf("\r%s" CLEAR_TO_END, buffer_string(&watch->line_text));
    fflush(stdout);
}

static void print_plain(struct watch *watch, const struct summary *summary)
{
    int64_t now_ms = clock_monotonic_ms();
    bool changed = strcmp(watch->last_state, summary->state) != 0;
    if (!changed && now_ms < watch->next_plain_ms)
        return;
    watch->next_plain_ms = now_ms + PLAIN_EVERY_MS;
    memcpy(watch->last_state, summary->state, sizeof watch->last_state);
    buffer_clear(&watch->line_text);
    progress_line_plain(summary, &watch->line_text);
    puts(buffer_string(&watch->line_text));
    fflush(stdout);
}

/* True: there is nothing more to watch. */
static bool ended(const struct watch *watch, const struct summary *summary, int *code)
{
    bool stopping = strcmp(summary->state, "stopping") == 0;
    *code = stopping ? CTL_FAILED : CTL_DONE;
    return watch->until_done && (stopping || strcmp(summary->state, "done") == 0);
}

static int follow(struct watch *watch, struct status_client *client)
{
    struct summary summary;
    bool drawn = false;
    int code = CTL_DONE;
    enum status_event event;
    while ((event = status_client_next(client, &summary, NULL)) == STATUS_EVENT_SUMMARY) {
        if (watch->live)
            draw_live(watch, &summary);
        else
            print_plain(watch, &summary);
        drawn = true;
        if (ended(watch, &summary, &code))
            break;
    }
    if (drawn && watch->live)
        putchar('\n');
    if (event == STATUS_EVENT_SILENCE)
        return status_client_nobody(client, NAME);
    return code;
}

static int parse(struct watch *watch, int argc, char **argv)
{
    static const struct option long_options[] = {
        CTL_WHERE_OPTIONS,
        {"control", required_argument, NULL, 'O'},
        {"line", no_argument, NULL, 'l'},
        {"until-done", no_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:lu", long_options, NULL)) != -1) {
        if (ctl_take_where(&watch->where, option, optarg))
            continue;
        if (option == 'O')
            watch->control = optarg;
        else if (option == 'l')
            watch->line = true;
        else if (option == 'u')
            watch->until_done = true;
        else
            return ctl_wrong_usage(NAME, "unknown option or missing argument");
    }
    if (optind < argc)
        return ctl_wrong_usage(NAME, "\"%s\" is not an option", argv[optind]);
    return CTL_DONE;
}

static int run_screen(const struct watch *watch)
{
    const char *no_color = getenv("NO_COLOR"); /* no-color.org: set and not empty */
    const struct watch_screen_options options = {.where = watch->where,
        .control = watch->control,
        .until_done = watch->until_done,
        .colour = !no_color || !*no_color,
        .utf8 = watch->utf8};
    return watch_screen_run(NAME, &options);
}

static int run_lines(struct watch *watch)
{
    int code;
    watch->live = columns_of_terminal() != COLUMNS_UNKNOWN;
    watch->line_text = buffer_make(LINE_MAX);
    struct status_client *client = status_client_open(&watch->where, NAME, &code);
    if (client)
        code = follow(watch, client);
    status_client_close(&client);
    buffer_free(&watch->line_text);
    return code;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    struct watch watch = {.where = *globals, .utf8 = columns_utf8()};
    int code = parse(&watch, argc, argv);
    if (code != CTL_DONE)
        return code;
    return !watch.line && terminal_is_there() ? run_screen(&watch) : run_lines(&watch);
}

const struct ctl_command watch_command = {
    .name = NAME,
    .summary = "follow the crawl",
    .help =
        "Usage: r3ectl " NAME " [--config FILE | --connect ENDPOINT] [--control ENDPOINT] [--line]\n"
        "                    [--until-done]\n"
        "\n"
        "On a terminal a picture of all that goes on: progress, rate, workers, the last events. Keys: q "
        "quits,\n"
        "p pauses and resumes, r fetches all boards again (both ask first), s sorts the workers, the arrows\n"
        "scroll them, ? helps. Elsewhere a line every few seconds. NO_COLOR turns colours off; without a\n"
        "UTF-8 locale ASCII is used.\n"
        "\n" CTL_STATUS_HELP
        "      --control ENDPOINT   its control socket (sockets.control), for the keys p and "
        "r; default:\n"
        "                           that of --config\n"
        "  -l, --line               one line in place of the picture\n"
        "  -u, --until-done         end when a coordinator with --once is done\n"
        "\n"
        "Exit codes: 0 ended by q or a signal, or done; 1 nobody answers for 5 s (for 15 s "
        "once it did), or\n"
        "the coordinator was stopped before it was done; 2 wrong usage or configuration.\n"
        "\n"
        "Examples:\n"
        "  r3ectl " NAME " --config r3e-leaderboard.cfg\n"
        "  r3ectl " NAME " --connect ipc:///var/lib/r3e-leaderboard/status.sock --until-done --line\n",
    .run = run,
};
