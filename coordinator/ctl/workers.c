#include "coordinator/ctl/workers.h"

#include <stdio.h>

#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/listener.h"
#include "coordinator/ctl/simple_options.h"
#include "coordinator/ctl/worker_list.h"

#define NAME     "workers"
#define LINE_MAX ((size_t)4096)

static void put_cell(struct buffer *line, const char *text, unsigned cells, bool right)
{
    columns_append(line, text, cells, right);
    buffer_append_string(line, "  ");
}

static void put_number(struct buffer *line, uint64_t number, unsigned cells)
{
    char text[COLUMNS_NUMBER_SIZE];
    put_cell(line, columns_number(number, text), cells, true);
}

static void put_row(const struct worker_row *row, struct buffer *line)
{
    char text[COLUMNS_NUMBER_SIZE];
    buffer_clear(line);
    put_cell(line, row->name, 6, false);
    put_cell(line, row->host, 16, false);
    buffer_format(line, "%7llu  ", (unsigned long long)row->pid);
    put_number(line, row->jobs, 7);
    put_number(line, row->failures, 6);
    put_cell(line, row->rss_kb ? columns_bytes(row->rss_kb * 1024, text) : "-", 7, true);
    put_cell(line, columns_duration(row->age_s, text), 12, true);
    if (row->track_id)
        buffer_format(line, "%llu-%llu %s, %s", (unsigned long long)row->track_id,
            (unsigned long long)row->class_id, row->track, row->class_name);
    else
        buffer_append_string(line, row->state);
    printf("%s\n", buffer_string(line));
    if (row->last_error[0])
        printf("        last error: %s\n", row->last_error);
}

static int print(struct text json)
{
    struct worker_list list = {0};
    struct buffer line = buffer_make(LINE_MAX);
    if (worker_list_parse(json, &list)) {
        worker_list_sort(&list, WORKER_SORT_NAME);
        if (list.count)
            printf("%-6s  %-16s  %7s  %7s  %6s  %7s  %12s  board\n", "name", "host", "pid", "jobs", "fails",
                "memory", "age");
        else
            puts("no worker is connected");
        for (unsigned i = 0; i < list.count; i++)
            put_row(&list.rows[i], &line);
        if (list.connected > list.count)
            printf("… and %llu more\n", (unsigned long long)list.connected - list.count);
    }
    worker_list_free(&list);
    buffer_free(&line);
    return CTL_DONE;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    struct simple_options options;
    struct listener_message message;
    int code = simple_options_parse(&options, NAME, globals, argc, argv, 0, 0, ""), signal_number;
    if (code != CTL_DONE)
        return code;
    struct listener *listener =
        listener_open(&options.where, NAME, 1u << LISTENER_TOPIC_WORKER, false, &code);
    if (!listener)
        return code;
    switch (listener_next(listener, LISTENER_SILENCE_MS, &message, &signal_number)) {
    case LISTENER_MESSAGE:
        if (options.json)
            printf("%.*s\n", (int)message.json.length, message.json.data);
        else
            code = print(message.json);
        break;
    case LISTENER_SILENCE:
        code = listener_nobody(listener);
        break;
    case LISTENER_SIGNAL:
    case LISTENER_OTHER:
        code = CTL_FAILED;
        break;
    }
    listener_close(&listener);
    return code;
}

const struct ctl_command workers_command = {
    .name = NAME,
    .summary = "who is connected, what each does, its last error",
    .help = "Usage: r3ectl " NAME " [--config FILE | --connect ENDPOINT] [--json]\n"
            "\n" CTL_STATUS_HELP CTL_JSON_HELP "\n"
            "Exit codes: 0 done, 1 nobody answers within 5 s, 2 wrong usage or configuration.\n"
            "\n"
            "Examples:\n"
            "  r3ectl " NAME " --config r3e-leaderboard.cfg\n"
            "  r3ectl " NAME " --config r3e-leaderboard.cfg --json | jq '.workers[] | {host, rss_kb}'\n",
    .run = run,
};
