#include "coordinator/ctl/check.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/json_writer.h"
#include "common/plural.h"
#include "coordinator/ctl/store_check.h"
#include "coordinator/ctl/store_command.h"

#define NAME          "check"
#define PROBLEMS_MOST 1000u /* shown; the counts are whole */
#define JSON_MAX      ((size_t)1024 * 1024)

struct output {
    bool json, progress;
    unsigned shown;
    struct buffer text;
    struct json_writer writer;
};

static void on_problem(void *context, uint32_t track_id, uint32_t class_id, const char *text)
{
    struct output *output = context;
    if (output->shown++ >= PROBLEMS_MOST)
        return;
    if (output->json) {
        json_object_begin(&output->writer);
        json_key(&output->writer, "track_id");
        json_uint(&output->writer, track_id);
        json_key(&output->writer, "class_id");
        json_uint(&output->writer, class_id);
        json_key(&output->writer, "problem");
        json_string(&output->writer, text);
        json_object_end(&output->writer);
        return;
    }
    if (output->progress)
        fputs("\r\033[K", stderr);
    if (track_id || class_id)
        printf("%" PRIu32 "-%" PRIu32 ": %s\n", track_id, class_id, text);
    else
        printf("%s\n", text);
}

static void on_progress(void *context, uint32_t done, uint32_t all)
{
    const struct output *output = context;
    if (output->progress)
        store_command_progress(done, all);
}

static void print_json(struct output *output, const struct store_check *check)
{
    struct json_writer *json = &output->writer;
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {{"schema", check->schema}, {"generation", check->generation},
        {"transaction", check->transaction}, {"pages", check->pages}, {"page_size", check->page_size},
        {"boards", check->boards}, {"entries", check->entries},
        {"structure_problems", check->structure_problems}, {"broken_boards", check->broken_boards},
        {"broken_meta_records", check->broken_metas}};
    json_array_end(json);
    json_key(json, "id");
    json_string(json, check->id);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        json_key(json, figures[i].key);
        json_uint(json, figures[i].value);
    }
    json_object_end(json);
    puts(buffer_string(&output->text));
}

static void print_words(const struct output *output, const struct store_check *check)
{
    if (output->shown > PROBLEMS_MOST)
        printf("… and %u more\n", output->shown - PROBLEMS_MOST);
    printf("store %s of schema %u, generation %" PRIu64 ": %" PRIu32 " boards with %" PRIu64
           " entries, %" PRIu64 " MB\n",
        check->id[0] ? check->id : "without an id", check->schema, check->generation, check->boards,
        check->entries, check->pages * check->page_size / 1024 / 1024);
    if (check->structure_problems)
        printf("its structure is damaged (%" PRIu64
               " problems): start the coordinator anew, it saves what can be saved\n",
            check->structure_problems);
    if (check->broken_boards || check->broken_metas)
        printf("%" PRIu64 " %s and %" PRIu64
               " other %s are broken: the coordinator fetches those boards again\n",
            check->broken_boards, plural(check->broken_boards, "board", "boards"), check->broken_metas,
            plural(check->broken_metas, "record", "records"));
    if (!output->shown)
        puts("everything is sound");
}

static int check_store(const char *folder, void *context)
{
    bool as_json = *(const bool *)context;
    struct output output = {
        .json = as_json, .progress = !as_json && isatty(STDERR_FILENO), .text = buffer_make(JSON_MAX)};
    struct store_check_events events = {on_problem, on_progress, &output};
    struct store_check check;
    char error[STORE_CHECK_ERROR_SIZE];
    output.writer = json_writer_make(&output.text);
    json_object_begin(&output.writer);
    json_key(&output.writer, "problems");
    json_array_begin(&output.writer);
    int code = CTL_FAILED;
    if (!store_check_run(folder, &events, &check, error)) {
        fprintf(stderr, "r3ectl " NAME ": %s\n", error);
    } else {
        if (as_json)
            print_json(&output, &check);
        else
            print_words(&output, &check);
        code = check.structure_problems ? CTL_FAILED : output.shown ? CTL_PARTLY : CTL_DONE;
    }
    buffer_free(&output.text);
    return code;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"store", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    struct ctl_globals where = *globals;
    const char *folder = NULL;
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "c:s:j", long_options, NULL)) != -1) {
        if (option == 'c')
            where.config_path = optarg;
        else if (option == 's')
            folder = optarg;
        else if (option == 'j')
            json = true;
        else
            return ctl_wrong_usage(NAME, "unknown option or missing argument");
    }
    if (optind < argc)
        return ctl_wrong_usage(NAME, "\"%s\" is not an option", argv[optind]);
    return store_command_run(&where, folder, check_store, &json);
}

const struct ctl_command check_command = {
    .name = NAME,
    .summary = "verifies every byte of the store that means something",
    .help = "Usage: r3ectl " NAME " [--config FILE | --store DIR] [--json]\n"
            "\n"
            "  -c, --config FILE  the coordinator's configuration\n"
            "  -s, --store DIR    the store's folder\n"
            "  -j, --json         one JSON object\n"
            "\n"
            "Looks at the structure of the database, at the checksum of every record, and at the rows and\n"
            "the detail of every board. A coordinator may be running; nothing is changed.\n"
            "\n"
            "Exit codes: 0 everything is sound; 1 the store cannot be read, or its structure is damaged:\n"
            "start the coordinator, which saves what can be saved; 2 wrong usage or configuration; 3 some\n"
            "records are broken: the coordinator fetches those boards again.\n"
            "\n"
            "Examples:\n"
            "  r3ectl " NAME " --config r3e-leaderboard.cfg\n"
            "  r3ectl " NAME " --store /var/lib/r3e-leaderboard --json | jq .problems\n",
    .run = run,
};
