#include "coordinator/ctl/board.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/names.h"
#include "coordinator/ctl/simple_options.h"

#define NAME "board"

static const char *string(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value ? value : "";
}

static uint64_t number(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    bool fits = cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < 0x1p53;
    return fits ? (uint64_t)value->valuedouble : 0;
}

/* Text from outside must not steer the terminal. */
static void put(const char *label, const char *text)
{
    struct buffer line = buffer_make(4096);
    columns_append(&line, text, columns_width(text), false);
    printf("%-14s%s\n", label, buffer_string(&line));
    buffer_free(&line);
}

static void put_plan(const cJSON *board)
{
    char a[COLUMNS_NUMBER_SIZE];
    put("state", string(board, "state"));
    put("checked", *string(board, "checked") ? string(board, "checked") : "never");
    put("next due", *string(board, "next_due") ? string(board, "next_due") : "as soon as possible");
    if (*string(board, "error")) {
        printf("last failure  %s, attempt %s: ", string(board, "error_time"),
            columns_number(number(board, "attempt"), a));
        put("", string(board, "error"));
    }
    if (number(board, "failure_streak"))
        printf("              %s failed fetches since the last good one\n",
            columns_number(number(board, "failure_streak"), a));
    if (number(board, "worker_deaths"))
        printf("deaths        %s workers died while they held it%s%s\n",
            columns_number(number(board, "worker_deaths"), a),
            *string(board, "quarantined_until") ? "; quarantined until " : "",
            string(board, "quarantined_until"));
}

static void put_content(const cJSON *board)
{
    char a[COLUMNS_NUMBER_SIZE], b[COLUMNS_NUMBER_SIZE];
    if (!*string(board, "fetched")) {
        puts("content       the store has none of it yet");
        return;
    }
    put("fetched", string(board, "fetched"));
    put("changed", string(board, "changed"));
    printf("content       %s entries, generation %s", columns_number(number(board, "entries"), a),
        columns_number(number(board, "generation"), b));
    printf("; %s of rows, %s published\n", columns_bytes(number(board, "rows_bytes"), a),
        columns_bytes(number(board, "detail_bytes"), b));
    printf("changes       %s rows in %s checks", columns_number(number(board, "rows_changed"), a),
        columns_number(number(board, "checks"), b));
    printf(" over %s\n", columns_duration(number(board, "watched_s"), a));
    if (*string(board, "gone_since"))
        printf("gone          the service does not have it since %s; what was fetched stays\n",
            string(board, "gone_since"));
    if (number(board, "aside_streak"))
        printf("kept aside    %s answers with %s entries since %s; not believed yet\n",
            columns_number(number(board, "aside_streak"), a),
            columns_number(number(board, "aside_entries"), b), string(board, "aside_since"));
}

static void print(const struct control_reply *reply, struct text json)
{
    cJSON *root = cJSON_ParseWithLength(json.data, json.length);
    const cJSON *board = cJSON_GetObjectItemCaseSensitive(root, "details");
    char title[64];
    int length = snprintf(title, sizeof title, "%llu-%llu", (unsigned long long)number(board, "track_id"),
        (unsigned long long)number(board, "class_id"));
    if (length > 0)
        put("board", title);
    put("track", string(board, "track"));
    put("class", string(board, "class"));
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
    struct simple_options options;
    int code = simple_options_parse(
        &options, NAME, globals, argc, argv, 1, 2, "a board: TRACK-CLASS, or a track and a class");
    if (code != CTL_DONE)
        return code;
    struct control_client *client = control_client_open(&options.where, NAME, &code);
    if (client)
        code = ask(client, &options);
    control_client_close(&client);
    return code;
}

const struct ctl_command board_command = {
    .name = NAME,
    .summary = "all that is known of one board",
    .help =
        "Usage: r3ectl " NAME " [--config FILE | --connect ENDPOINT] [--json] TRACK-CLASS | TRACK CLASS\n"
        "\n"
        "When it was fetched and when it changed, its failures, when it is due next, why it is not being\n"
        "fetched now. Identifiers or names, or parts of names.\n"
        "\n"
        "  -c, --config FILE        the coordinator's configuration\n"
        "      --connect ENDPOINT   its control socket (sockets.control)\n"
        "      --key FILE, --server-key FILE   your secret key and its public one, if it has keys\n"
        "  -j, --json               as JSON (common/PROTOCOL.md)\n"
        "\n"
        "Exit codes: 0 done, 1 failed, nobody answers or there is no such board, 2 wrong "
        "usage.\n"
        "\n"
        "Examples:\n"
        "  r3ectl " NAME " --config r3e-leaderboard.cfg 1671-1703\n"
        "  r3ectl " NAME " --config r3e-leaderboard.cfg \"Monza Circuit - Grand Prix\" \"GTR 3\"\n",
    .run = run,
};
