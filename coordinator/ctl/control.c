#include "coordinator/ctl/control.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "coordinator/ctl/failed_list.h"
#include "coordinator/ctl/names.h"
#include "coordinator/ctl/told.h"

#define ASK_AGAIN_MS 200

/* The command line of one of these commands. */
struct order {
    const char *name;
    struct ctl_globals where;
    bool json, wait, all, failed;
    struct control_request request;
    unsigned word_count;
    char **words; /* boards as they were written; borrowed from argv */
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

/* Which command takes which option beside those that all take. */
static bool is_taken(enum control_command command, int option)
{
    switch (option) {
    case 'w':
        return command == CONTROL_EXPORT;
    case 'f':
    case 'r':
        return command == CONTROL_PAUSE;
    case 'F':
        return command == CONTROL_REFRESH;
    case 'a':
        return command == CONTROL_REFRESH || command == CONTROL_RELEASE;
    default:
        return option != '?';
    }
}

static int take_option(struct order *order, int option)
{
    if (!is_taken(order->request.command, option))
        return ctl_wrong_usage(order->name, "unknown option or missing argument");
    if (ctl_take_where(&order->where, option, optarg))
        return CTL_DONE;
    if (option == 'f') {
        order->request.for_s = seconds_of(optarg);
        if (!order->request.for_s)
            return ctl_wrong_usage(
                order->name, "--for %s: is not a time of at most a year, such as 90s, 15m, 2h or 1d", optarg);
    } else if (option == 'r') {
        if (strlen(optarg) >= sizeof order->request.reason)
            return ctl_wrong_usage(order->name, "--reason: is longer than %d bytes", CONTROL_REASON_SIZE - 1);
        memcpy(order->request.reason, optarg, strlen(optarg) + 1);
    }
    order->json |= option == 'j';
    order->wait |= option == 'w';
    order->all |= option == 'a';
    order->failed |= option == 'F';
    return CTL_DONE;
}

static int check_words(const struct order *order)
{
    static const struct {
        unsigned fewest, most;
    } wanted[] = {
#define X(name, string, fewest, most, takes) {fewest, most},
        CONTROL_COMMANDS(X)
#undef X
    };
    unsigned fewest = wanted[order->request.command].fewest, most = wanted[order->request.command].most;
    if (order->word_count < fewest)
        return ctl_wrong_usage(order->name, "name what is meant: TRACK-CLASS, such as 1671-1703, or names");
    /* A board may be two words. */
    if (order->word_count > 2 * most)
        return ctl_wrong_usage(
            order->name, "\"%s\" is too many; it takes at most %u", order->words[2 * most], most);
    for (unsigned i = 0; i < order->word_count; i++)
        if (!order->words[i][0])
            return ctl_wrong_usage(order->name, "an empty word names no board");
    if (order->failed && order->word_count)
        return ctl_wrong_usage(order->name, "--failed and boards exclude each other");
    return CTL_DONE;
}

static int parse(struct order *order, int argc, char **argv)
{
    static const struct option long_options[] = {
        CTL_WHERE_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {"wait", no_argument, NULL, 'w'},
        {"for", required_argument, NULL, 'f'},
        {"reason", required_argument, NULL, 'r'},
        {"all", no_argument, NULL, 'a'},
        {"failed", no_argument, NULL, 'F'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:jwf:r:a", long_options, NULL)) != -1) {
        int code = take_option(order, option);
        if (code != CTL_DONE)
            return code;
    }
    order->word_count = (unsigned)(argc - optind);
    order->words = argv + optind;
    return check_words(order);
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

static int print_reply(
    const struct order *order, const struct control_client *client, const struct control_reply *reply)
{
    struct text json = control_client_json(client);
    if (order->json)
        printf("%.*s\n", (int)json.length, json.data);
    else if (reply->code == CONTROL_CODE_DONE || reply->code == CONTROL_CODE_PARTLY)
        puts(reply->text);
    else
        fprintf(stderr, "r3ectl %s: %s\n", order->name, reply->text);
    return (int)reply->code;
}

static int ask(struct control_client *client, struct order *order)
{
    struct control_reply reply;
    bool answered = control_client_ask(client, &order->request, &reply) &&
                    (!order->wait || wait_for_export(client, order, &reply));
    return answered ? print_reply(order, client, &reply) : CTL_FAILED;
}

/* ---- the boards that failed ---- */

struct gathering {
    struct order *order;
    char (*targets)[CONTROL_TARGET_SIZE]; /* owned */
    size_t count, capacity;
};

static void gather(void *context, const cJSON *board)
{
    struct gathering *all = context;
    uint64_t track_id, class_id;
    if (!told_take_count(told_member(board, "track_id"), &track_id) ||
        !told_take_count(told_member(board, "class_id"), &class_id))
        return;
    if (all->count == all->capacity) {
        all->capacity = all->capacity ? all->capacity * 2 : CONTROL_TARGETS_MAX;
        all->targets = memory_resize(all->targets, all->capacity, sizeof *all->targets);
    }
    int length = snprintf(all->targets[all->count], CONTROL_TARGET_SIZE, "%llu-%llu",
        (unsigned long long)track_id, (unsigned long long)class_id);
    all->count += length > 0 && length < CONTROL_TARGET_SIZE;
}

/* As many requests as there are boards for. The list comes first: what is asked for fails no longer. */
static int refresh_failed(struct control_client *client, struct order *order)
{
    struct gathering all = {.order = order};
    int code = failed_list_visit(client, order->name, gather, &all) ? CTL_DONE : CTL_FAILED;
    if (code == CTL_DONE && !all.count)
        puts("no board failed in the last refresh");
    for (size_t at = 0; at < all.count && (code == CTL_DONE || code == CTL_PARTLY);) {
        struct control_request *request = &order->request;
        request->target_count = 0;
        while (at < all.count && request->target_count < CONTROL_TARGETS_MAX)
            memcpy(request->targets[request->target_count++], all.targets[at++], CONTROL_TARGET_SIZE);
        int part = ask(client, order);
        code = part > code ? part : code;
    }
    free(all.targets);
    return code;
}

/* ---- all of it ---- */

int control_run(const struct ctl_globals *globals, int argc, char **argv)
{
    struct order order = {.name = argv[0], .where = *globals};
    while (strcmp(control_commands[order.request.command].name, order.name) != 0)
        order.request.command++;
    int code = parse(&order, argc, argv);
    if (code != CTL_DONE)
        return code;
    struct control_client *client = control_client_open(&order.where, order.name, &code);
    if (!client)
        return code;
    code = names_resolve(client, order.name, order.word_count, order.words, order.all, &order.request);
    if (code == CTL_DONE && order.request.command == CONTROL_WHY && order.request.target_count > 1)
        code = ctl_wrong_usage(order.name, "that is more than one board; name one");
    if (code == CTL_DONE)
        code = order.failed ? refresh_failed(client, &order) : ask(client, &order);
    control_client_close(&client);
    return code;
}
