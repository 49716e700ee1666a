#include "coordinator/ctl/board.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/names.h"
#include "coordinator/ctl/question.h"
#include "coordinator/ctl/told.h"

#define NAME "board"

static void put(const char *label, const char *text)
{
    printf("%-14s%s\n", label, text);
}

static void put_plan(const cJSON *board)
{
    char a[COLUMNS_NUMBER_SIZE];
    put("state", told_text(board, "state"));
    put("checked", *told_text(board, "checked") ? told_text(board, "checked") : "never");
    put("next due", *told_text(board, "next_due") ? told_text(board, "next_due") : "as soon as possible");
    if (*told_text(board, "error")) {
        printf("last failure  %s, attempt %s: ", told_text(board, "error_time"),
            columns_number(told_count(board, "attempt"), a));
        puts(told_text(board, "error"));
    }
    if (told_count(board, "failure_streak"))
        printf("              %s failed fetches since the last good one\n",
            columns_number(told_count(board, "failure_streak"), a));
    if (told_count(board, "worker_deaths"))
        printf("deaths        %s workers died while they held it%s%s\n",
            columns_number(told_count(board, "worker_deaths"), a),
            *told_text(board, "quarantined_until") ? "; quarantined until " : "",
            told_text(board, "quarantined_until"));
}

static void put_content(const cJSON *board)
{
    char a[COLUMNS_NUMBER_SIZE], b[COLUMNS_NUMBER_SIZE];
    if (!*told_text(board, "fetched")) {
        puts("content       the store has none of it yet");
        return;
    }
    put("fetched", told_text(board, "fetched"));
    put("changed", told_text(board, "changed"));
    printf("content       %s entries, generation %s", columns_number(told_count(board, "entries"), a),
        columns_number(told_count(board, "generation"), b));
    printf("; %s of rows, %s published\n", columns_bytes(told_count(board, "rows_bytes"), a),
        columns_bytes(told_count(board, "detail_bytes"), b));
    printf("changes       %s rows in %s checks", columns_number(told_count(board, "rows_changed"), a),
        columns_number(told_count(board, "checks"), b));
    printf(" over %s\n", columns_duration(told_count(board, "watched_s"), a));
    if (*told_text(board, "gone_since"))
        printf("gone          the service does not have it since %s; what was fetched stays\n",
            told_text(board, "gone_since"));
    if (told_count(board, "aside_streak"))
        printf("kept aside    %s answers with %s entries since %s; not believed yet\n",
            columns_number(told_count(board, "aside_streak"), a),
            columns_number(told_count(board, "aside_entries"), b), told_text(board, "aside_since"));
}

static void print(const struct control_reply *reply, struct text json)
{
    cJSON *root = told_parse(json);
    const cJSON *board = told_member(root, "details");
    char title[64];
    int length = snprintf(title, sizeof title, "%llu-%llu", (unsigned long long)told_count(board, "track_id"),
        (unsigned long long)told_count(board, "class_id"));
    if (length > 0)
        put("board", title);
    put("track", told_text(board, "track"));
    put("class", told_text(board, "class"));
    put("now", reply->text);
    put_plan(board);
    put_content(board);
    cJSON_Delete(root);
}

static int ask(struct control_client *client, const struct simple_options *options)
{
    struct control_request request = {.command = CONTROL_BOARD};
    struct control_reply reply;
    int code = names_resolve(client, NAME, (unsigned)options->word_count, options->words, false, &request);
    if (code != CTL_DONE)
        return code;
    if (request.target_count != 1)
        return ctl_wrong_usage(NAME, "that is more than one board; name one");
    if (!control_client_ask(client, &request, &reply))
        return CTL_FAILED;
    struct text json = control_client_json(client);
    if (options->json)
        printf("%.*s\n", (int)json.length, json.data);
    else if (reply.code == CONTROL_CODE_DONE)
        print(&reply, json);
    else
        fprintf(stderr, "r3ectl " NAME ": %s\n", reply.text);
    return (int)reply.code;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    static const struct question question = {.name = NAME,
        .fewest = 1,
        .most = 2,
        .wanted = "a board: TRACK-CLASS, or a track and a class",
        .ask = ask};
    return question_run(&question, globals, argc, argv);
}

const struct ctl_command board_command = {
    .name = NAME,
    .summary = "all that is known of one board",
    .help =
        "Usage: r3ectl " NAME " [--config FILE | --connect ENDPOINT] [--json] TRACK-CLASS | TRACK CLASS\n"
        "\n"
        "When it was fetched and when it changed, its failures, when it is due next, why it is not being\n"
        "fetched now. Identifiers or names, or parts of names.\n"
        "\n" CTL_CONTROL_HELP CTL_JSON_HELP "\n"
        "Exit codes: 0 done, 1 failed, nobody answers or there is no such board, 2 wrong "
        "usage.\n"
        "\n"
        "Examples:\n"
        "  r3ectl " NAME " --config r3e-leaderboard.cfg 1671-1703\n"
        "  r3ectl " NAME " --config r3e-leaderboard.cfg \"Monza Circuit - Grand Prix\" \"GTR 3\"\n",
    .run = run,
};
