#include "coordinator/ctl/failed.h"

#include <stdio.h>

#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/failed_list.h"
#include "coordinator/ctl/simple_options.h"

#define NAME     "failed"
#define LINE_MAX ((size_t)4096)

struct listing {
    bool json;
    struct buffer line;
    uint64_t count;
};

static const char *string(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value ? value : "";
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(value) ? value->valuedouble : 0;
}

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
    struct buffer *line = &listing->line;
    buffer_clear(line);
    buffer_format(
        line, "%.0f-%.0f  %s  ", number(board, "track_id"), number(board, "class_id"), string(board, "time"));
    columns_append(line, string(board, "error"), columns_width(string(board, "error")), false);
    puts(buffer_string(line));
    buffer_clear(line);
    buffer_append_string(line, "    ");
    columns_append(line, string(board, "track"), columns_width(string(board, "track")), false);
    buffer_append_string(line, ", ");
    columns_append(line, string(board, "class"), columns_width(string(board, "class")), false);
    printf("%s%s\n", buffer_string(line),
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(board, "missing")) ? "; it was never fetched" : "");
}

static int ask(struct control_client *client, struct listing *listing)
{
    if (!failed_list_visit(client, NAME, print_board, listing))
        return CTL_FAILED;
    if (!listing->count && !listing->json)
        puts("no board failed in the last refresh");
    return CTL_DONE;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    struct simple_options options;
    int code = simple_options_parse(&options, NAME, globals, argc, argv, 0, 0, "");
    if (code != CTL_DONE)
        return code;
    struct control_client *client = control_client_open(&options.where, NAME, &code);
    if (!client)
        return code;
    struct listing listing = {.json = options.json, .line = buffer_make(LINE_MAX)};
    code = ask(client, &listing);
    buffer_free(&listing.line);
    control_client_close(&client);
    return code;
}

const struct ctl_command failed_command = {
    .name = NAME,
    .summary = "the boards that failed in the last refresh, and why",
    .help =
        "Usage: r3ectl " NAME " [--config FILE | --connect ENDPOINT] [--json]\n"
        "\n"
        "Boards that were given up until the next refresh, and those in quarantine. What was fetched before\n"
        "stays published. With --json one object a line.\n"
        "\n"
        "  -c, --config FILE        the coordinator's configuration\n"
        "      --connect ENDPOINT   its control socket (sockets.control)\n"
        "      --key FILE, --server-key FILE   your secret key and its public one, if it has keys\n"
        "  -j, --json               as JSON (common/PROTOCOL.md)\n"
        "\n"
        "Exit codes: 0 done, 1 failed or nobody answers, 2 wrong usage or configuration.\n"
        "\n"
        "Examples:\n"
        "  r3ectl " NAME " --config r3e-leaderboard.cfg\n"
        "  r3ectl refresh --config r3e-leaderboard.cfg --failed\n",
    .run = run,
};
