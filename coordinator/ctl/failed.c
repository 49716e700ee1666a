#include "coordinator/ctl/failed.h"

#include <stdio.h>

#include "coordinator/ctl/failed_list.h"
#include "coordinator/ctl/question.h"
#include "coordinator/ctl/told.h"

#define NAME "failed"

struct listing {
    bool json;
    uint64_t count;
};

static void print_board(void *context, const cJSON *board)
{
    struct listing *listing = context;
    listing->count++;
    if (listing->json) {
        char *text = cJSON_PrintUnformatted(board);
        if (text)
            puts(text);
        cJSON_free(text);
        return;
    }
    printf("%llu-%llu  %s  %s\n", (unsigned long long)told_count(board, "track_id"),
        (unsigned long long)told_count(board, "class_id"), told_text(board, "time"),
        told_text(board, "error"));
    printf("    %s, %s%s\n", told_text(board, "track"), told_text(board, "class"),
        cJSON_IsTrue(told_member(board, "missing")) ? "; it was never fetched" : "");
}

static int ask(struct control_client *client, const struct simple_options *options)
{
    struct listing listing = {.json = options->json};
    if (!failed_list_visit(client, NAME, print_board, &listing))
        return CTL_FAILED;
    if (!listing.count && !listing.json)
        puts("no board failed in the last refresh");
    return CTL_DONE;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    static const struct question question = {.name = NAME, .fewest = 0, .most = 0, .wanted = "", .ask = ask};
    return question_run(&question, globals, argc, argv);
}

const struct ctl_command failed_command = {
    .name = NAME,
    .summary = "the boards that failed in the last refresh, and why",
    .help =
        "Usage: r3ectl " NAME " [--config FILE | --connect ENDPOINT] [--json]\n"
        "\n"
        "Boards that were given up until the next refresh, and those in quarantine. What was fetched before\n"
        "stays published. With --json one object a line.\n"
        "\n" CTL_CONTROL_HELP CTL_JSON_HELP "\n"
        "Exit codes: 0 done, 1 failed or nobody answers, 2 wrong usage or configuration.\n"
        "\n"
        "Examples:\n"
        "  r3ectl " NAME " --config r3e-leaderboard.cfg\n"
        "  r3ectl refresh --config r3e-leaderboard.cfg --failed\n",
    .run = run,
};
