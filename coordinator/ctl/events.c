#include "coordinator/ctl/events.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/event_list.h"
#include "coordinator/ctl/listener.h"
#include "coordinator/ctl/told.h"

#define NAME        "events"
#define LINE_MAX    ((size_t)4096)
#define KIND_CELLS  15
#define BOARD_CELLS 11

struct following {
    struct ctl_globals where;
    bool follow, json;
    const char *kind; /* only those; NULL: all */
    struct event_list list;
    struct buffer line;
    bool broken_pipe;
};

static bool wanted(const struct following *all, const char *kind)
{
    return !all->kind || strcmp(all->kind, kind) == 0;
}

/* Text from outside must not steer the terminal. */
static void print_row(struct following *all, const struct event_row *row)
{
    buffer_clear(&all->line);
    buffer_format(&all->line, "%s  ", row->time);
    columns_append(&all->line, row->kind, KIND_CELLS, false);
    buffer_append_string(&all->line, "  ");
    columns_append(&all->line, row->board, BOARD_CELLS, false);
    buffer_append_string(&all->line, "  ");
    columns_append(&all->line, row->text, columns_width(row->text), false);
    puts(buffer_string(&all->line));
}

/* The objects as they came, one on a line; `from`: the number of the first that is new. */
static void print_json(const struct following *all, struct text json, uint64_t from)
{
    cJSON *root = told_parse(json);
    const cJSON *event;
    cJSON_ArrayForEach(event, told_member(root, "events"))
    {
        uint64_t number = told_count(event, "number");
        char *text = number && number >= from && wanted(all, told_text(event, "kind"))
                         ? cJSON_PrintUnformatted(event)
                         : NULL;
        if (text)
            puts(text);
        cJSON_free(text);
    }
    cJSON_Delete(root);
}

/* True: all that are kept have been seen. */
static bool take(struct following *all, struct text json)
{
    struct event_news news;
    if (!event_list_take(&all->list, json, &news))
        return false;
    if (news.restarted)
        fputs("r3ectl " NAME ": the coordinator was started anew\n", stderr);
    if (news.missed)
        fprintf(stderr, "r3ectl " NAME ": %llu events came faster than they could be told\n",
            (unsigned long long)news.missed);
    if (news.added && all->json)
        print_json(all, json, all->list.rows[all->list.count - news.added].number);
    for (unsigned i = all->list.count - news.added; i < all->list.count && !all->json; i++)
        if (wanted(all, all->list.rows[i].kind))
            print_row(all, &all->list.rows[i]);
    all->broken_pipe = fflush(stdout) != 0;
    return all->list.whole;
}

static int listen(struct following *all, struct listener *listener)
{
    struct listener_message message;
    int signal_number;
    /* Summaries come twice a second and tell that somebody is there; an hour may pass without an event. */
    int64_t heard_ms = clock_monotonic_ms();
    for (;;) {
        switch (listener_next(listener, LISTENER_SILENCE_MS, &message, &signal_number)) {
        case LISTENER_MESSAGE:
            heard_ms = clock_monotonic_ms();
            if (message.topic == LISTENER_TOPIC_EVENT && take(all, message.json) && !all->follow)
                return CTL_DONE;
            if (all->broken_pipe)
                return CTL_DONE;
            break;
        case LISTENER_SIGNAL:
            return CTL_DONE;
        case LISTENER_SILENCE:
        case LISTENER_OTHER:
            if (clock_monotonic_ms() - heard_ms >= LISTENER_SILENCE_MS)
                return listener_nobody(listener);
        }
    }
}

static int parse(struct following *all, int argc, char **argv)
{
    static const struct option long_options[] = {
        CTL_WHERE_OPTIONS,
        {"follow", no_argument, NULL, 'f'},
        {"kind", required_argument, NULL, 'k'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:fjk:", long_options, NULL)) != -1) {
        if (ctl_take_where(&all->where, option, optarg))
            continue;
        if (option == 'f')
            all->follow = true;
        else if (option == 'k')
            all->kind = optarg;
        else if (option == 'j')
            all->json = true;
        else
            return ctl_wrong_usage(NAME, "unknown option or missing argument");
    }
    return optind < argc ? ctl_wrong_usage(NAME, "\"%s\" is not an option", argv[optind]) : CTL_DONE;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    const unsigned topics = 1u << LISTENER_TOPIC_EVENT | 1u << LISTENER_TOPIC_SUMMARY;
    struct following all = {.where = *globals, .line = buffer_make(LINE_MAX)};
    int code = parse(&all, argc, argv);
    struct listener *listener =
        code == CTL_DONE ? listener_open(&all.where, NAME, topics, false, &code) : NULL;
    if (listener)
        code = listen(&all, listener);
    listener_close(&listener);
    event_list_free(&all.list);
    buffer_free(&all.line);
    return code;
}

const struct ctl_command events_command = {
    .name = NAME,
    .summary = "what happened lately, and what happens",
    .help =
        "Usage: r3ectl " NAME " [--config FILE | --connect ENDPOINT] [--follow] [--kind KIND] [--json]\n"
        "\n"
        "The last events, of frequent kinds (boards, workers that come and go) and of rare ones 128 each. "
        "The\n"
        "log has all of importance; this is for watching.\n"
        "\n" CTL_STATUS_HELP "  -f, --follow             go on with each one that comes, until Ctrl-C\n"
        "  -k, --kind KIND          only those of a kind: state, worker_joined, worker_left, "
        "worker_died,\n"
        "                           lease_expired, board_stored, board_aside, board_failed,\n"
        "                           board_given_up, quarantined, hold_begun, hold_ended, "
        "export_begun,\n"
        "                           export_done, export_failed, refresh_begun, refresh_ended, "
        "command\n"
        "  -j, --json               one JSON object a line (common/PROTOCOL.md)\n"
        "\n"
        "Exit codes: 0 done or ended by a signal, 1 nobody answers for 5 s, 2 wrong usage or "
        "configuration.\n"
        "\n"
        "Examples:\n"
        "  r3ectl " NAME " --config r3e-leaderboard.cfg --follow\n"
        "  r3ectl " NAME " --config r3e-leaderboard.cfg --kind command --json | jq -r .text\n",
    .run = run,
};
