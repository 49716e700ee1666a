#include "coordinator/ctl/control.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "coordinator/ctl/control_client.h"

#define ASK_AGAIN_MS 200

/* The command line of one of these commands. */
struct order {
    struct ctl_globals where;
    bool json;
    bool wait;
    struct control_request request;
};

/* ---- the command line ---- */

/* "90", "90s", "15m", "2h", "1d"; 0 for anything else. */
static uint64_t seconds_of(const char *text)
{
    static const struct {
        const char *unit;
        uint64_t seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    char *end;
    errno = 0;
    unsigned long number = text[0] >= '1' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    if (!number || errno || number > CONTROL_FOR_S_MAX)
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].unit) == 0)
            return number * units[i].seconds <= CONTROL_FOR_S_MAX ? number * units[i].seconds : 0;
    }
    return 0;
}

static int take_option(struct order *order, const char *name, int option)
{
    enum control_command command = order->request.command;
    bool takes_pause_options = command == CONTROL_PAUSE, takes_wait = command == CONTROL_EXPORT;
    if (ctl_take_where(&order->where, option, optarg))
        return CTL_DONE;
    if (option == 'j') {
        order->json = true;
    } else if (option == 'w' && takes_wait) {
        order->wait = true;
    } else if (option == 'f' && takes_pause_options) {
        order->request.for_s = seconds_of(optarg);
        if (!order->request.for_s)
            return ctl_wrong_usage(
                name, "--for %s: is not a time of at most a year, such as 90s, 15m, 2h or 1d", optarg);
    } else if (option == 'r' && takes_pause_options) {
        if (strlen(optarg) >= sizeof order->request.reason)
            return ctl_wrong_usage(name, "--reason: is longer than %d bytes", CONTROL_REASON_SIZE - 1);
        memcpy(order->request.reason, optarg, strlen(optarg) + 1);
    } else {
        return ctl_wrong_usage(name, "unknown option or missing argument");
    }
    return CTL_DONE;
}

static int take_targets(struct order *order, const char *name, int argc, char **argv)
{
    static const struct {
        unsigned fewest, most;
    } wanted[] = {
#define X(name, string, fewest, most, takes) {fewest, most},
        CONTROL_COMMANDS(X)
#undef X
    };
    struct control_request *request = &order->request;
    for (; optind < argc; optind++) {
        if (request->target_count == wanted[request->command].most)
            return ctl_wrong_usage(
                name, "\"%s\" is too many; it takes at most %u", argv[optind], wanted[request->command].most);
        size_t length = strlen(argv[optind]);
        if (length == 0 || length >= CONTROL_TARGET_SIZE)
            return ctl_wrong_usage(
                name, "\"%s\" is no identifier; write TRACK-CLASS, such as 1671-1703", argv[optind]);
        memcpy(request->targets[request->target_count++], argv[optind], length + 1);
    }
    if (request->target_count < wanted[request->command].fewest)
        return ctl_wrong_usage(name, "name what is meant as TRACK-CLASS, such as 1671-1703");
    return CTL_DONE;
}

static int parse(struct order *order, const char *name, int argc, char **argv)
{
    static const struct option long_options[] = {
        CTL_WHERE_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {"wait", no_argument, NULL, 'w'},
        {"for", required_argument, NULL, 'f'},
        {"reason", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:j", long_options, NULL)) != -1) {
        int code = take_option(order, name, option);
        if (code != CTL_DONE)
            return code;
    }
    return take_targets(order, name, argc, argv);
}

/* ---- asking ---- */

/* Asks until the export is over. False: nobody answers any more (said). */
static bool wait_for_export(struct control_client *client, struct order *order, struct control_reply *reply)
{
    while (reply->pending) {
        order->request.run = reply->run;
        if (!control_client_ask(client, &order->request, reply))
            return false;
        if (reply->pending)
            clock_sleep_ms(ASK_AGAIN_MS);
    }
    return true;
}

static int print_reply(const struct order *order, const char *name, const struct control_client *client,
    const struct control_reply *reply)
{
    struct text json = control_client_json(client);
    if (order->json)
        printf("%.*s\n", (int)json.length, json.data);
    else if (reply->code == CONTROL_CODE_DONE || reply->code == CONTROL_CODE_PARTLY)
        puts(reply->text);
    else
        fprintf(stderr, "r3ectl %s: %s\n", name, reply->text);
    return (int)reply->code;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    struct order order = {.where = *globals};
    struct control_reply reply;
    const char *name = argv[0];
    while (strcmp(control_commands[order.request.command].name, name) != 0)
        order.request.command++;
    int code = parse(&order, name, argc, argv);
    if (code != CTL_DONE)
        return code;
    struct control_client *client = control_client_open(&order.where, name, &code);
    if (!client)
        return code;
    bool answered = control_client_ask(client, &order.request, &reply) &&
                    (!order.wait || wait_for_export(client, &order, &reply));
    code = answered ? print_reply(&order, name, client, &reply) : CTL_FAILED;
    control_client_close(&client);
    return code;
}

/* ---- the table ---- */

#define USAGE(name, rest) "Usage: r3ectl " name " [--config FILE | --connect ENDPOINT] [--json]" rest "\n\n"
#define OPTIONS                                                                                              \
    "\n"                                                                                                     \
    "  -c, --config FILE        the coordinator's configuration\n"                                           \
    "      --connect ENDPOINT   its control socket (sockets.control)\n"                                      \
    "      --key FILE, --server-key FILE   your secret key and its public one, if it has keys\n"             \
    "  -j, --json               the answer as one JSON object (common/PROTOCOL.md)\n"
#define CODES(rest)                                                                                          \
    "\nExit codes: 0 done, 1 failed or nobody answers, 2 wrong usage or configuration" rest ".\n\nExamples:" \
    "\n"

const struct ctl_command control_commands[CONTROL_COMMAND_COUNT] = {
    [CONTROL_REFRESH] =
        {
            .name = "refresh",
            .summary = "fetch boards again, all of them or those named",
            .help = USAGE("refresh",
                " [TRACK | TRACK-CLASS]…") "Without identifiers a full refresh begins; one under way serves "
                                           "this request too. With\n"
                                           "identifiers those boards go before all others, and an export "
                                           "follows the last of them.\n" OPTIONS CODES(
                                               ", 3 some identifiers are not known") "  r3ectl refresh "
                                                                                     "--config "
                                                                                     "r3e-leaderboard.cfg\n"
                                                                                     "  r3ectl refresh "
                                                                                     "--config "
                                                                                     "r3e-leaderboard.cfg "
                                                                                     "1671 263-1703\n",
            .run = run,
        },
    [CONTROL_PAUSE] =
        {
            .name = "pause",
            .summary = "fetch nothing until it is resumed",
            .help = USAGE("pause",
                " [--for TIME] [--reason TEXT]") "Boards under way are finished. The pause holds over "
                                                 "restarts of the coordinator.\n" OPTIONS
                                                 "      --for TIME           ends by itself after that: 90s, "
                                                 "15m, 2h, 1d\n"
                                                 "      --reason TEXT        shown in the status, at most "
                                                 "120 bytes\n" CODES(
                                                     "") "  r3ectl pause --config r3e-leaderboard.cfg --for "
                                                         "2h --reason \"the service asked for it\"\n",
            .run = run,
        },
    [CONTROL_RESUME] =
        {
            .name = "resume",
            .summary = "end a pause",
            .help = USAGE(
                "resume", "") "Says what else keeps the crawl from going on, if anything does.\n" OPTIONS
                CODES("") "  r3ectl resume --config r3e-leaderboard.cfg\n",
            .run = run,
        },
    [CONTROL_DRAIN] =
        {
            .name = "drain",
            .summary = "finish what is under way, publish, end the coordinator",
            .help = USAGE("drain", "") "Nothing more is handed out; when all boards under way have come in "
                                       "and are published the\n"
                                       "coordinator exits. This may take as long as the slowest answer: "
                                       "SIGTERM stops it at once,\n"
                                       "and loses nothing either.\n" OPTIONS CODES(
                                           "") "  r3ectl drain --config r3e-leaderboard.cfg\n",
            .run = run,
        },
    [CONTROL_EXPORT] =
        {
            .name = "export",
            .summary = "publish what the store has now",
            .help = USAGE("export",
                " [--wait]") "One under way serves this request too unless something new has come since it "
                             "began;\n"
                             "another follows it then.\n" OPTIONS
                             "      --wait               until it is published, or has failed\n" CODES(
                                 "") "  r3ectl export --config r3e-leaderboard.cfg --wait\n",
            .run = run,
        },
    [CONTROL_RELEASE] =
        {
            .name = "release",
            .summary = "end a board's quarantine",
            .help = USAGE("release",
                " TRACK-CLASS…") "A board whose workers died three times is left alone for a day; this makes "
                                 "it due now.\n" OPTIONS CODES(
                                     ", 3 some were released") "  r3ectl release --config "
                                                               "r3e-leaderboard.cfg 1671-1703\n",
            .run = run,
        },
    [CONTROL_WHY] =
        {
            .name = "why",
            .summary = "why a board is not being fetched now, and until when",
            .help = USAGE("why", " TRACK-CLASS") "One sentence.\n" OPTIONS CODES(
                "") "  r3ectl why --config r3e-leaderboard.cfg 1671-1703\n"
                    "  r3ectl why --connect ipc:///var/lib/r3e-leaderboard/control.sock 1671-1703 --json\n",
            .run = run,
        },
};
