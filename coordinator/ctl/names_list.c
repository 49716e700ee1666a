#include "coordinator/ctl/names_list.h"

#include <stdio.h>

#include "common/json_writer.h"
#include "coordinator/ctl/name_match.h"
#include "coordinator/ctl/names.h"
#include "coordinator/ctl/question.h"

#define NAME     "names"
#define JSON_MAX ((size_t)8 * 1024 * 1024)

/* All of them, or those with `part` in their name. */
static void find(const struct catalogue_items *items, const char *part, struct name_match *match)
{
    if (part) {
        name_match_find(items, part, match);
        return;
    }
    match->found = items->count;
    match->count = items->count < NAME_MATCH_KEPT ? items->count : NAME_MATCH_KEPT;
    for (uint32_t i = 0; i < match->count; i++)
        match->items[i] = &items->items[i];
}

/* Names are without control characters: a catalogue is checked when it is read. */
static uint64_t print(const char *title, const struct catalogue_items *items, const char *part)
{
    struct name_match match;
    find(items, part, &match);
    if (!match.found)
        return 0;
    printf("%s\n", title);
    for (uint32_t i = 0; i < match.count; i++)
        printf("  %10u  %s\n", match.items[i]->id, match.items[i]->name);
    if (match.found > match.count)
        printf(
            "  … and %llu more; name a part, or use --json\n", (unsigned long long)match.found - match.count);
    return match.found;
}

static void put_json(struct json_writer *json, const char *key, const struct catalogue_items *items)
{
    json_key(json, key);
    json_array_begin(json);
    for (uint32_t i = 0; i < items->count; i++) {
        json_object_begin(json);
        json_key(json, "id");
        json_uint(json, items->items[i].id);
        json_key(json, "name");
        json_string(json, items->items[i].name);
        json_object_end(json);
    }
    json_array_end(json);
}

static void print_json(const struct catalogue *catalogue)
{
    struct buffer out = buffer_make(JSON_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    put_json(&json, "tracks", &catalogue->tracks);
    put_json(&json, "classes", &catalogue->classes);
    json_object_end(&json);
    puts(buffer_string(&out));
    buffer_free(&out);
}

static int print_names(const struct catalogue *catalogue, const struct simple_options *options)
{
    const char *part = options->word_count ? options->words[0] : NULL;
    if (options->json && !part) {
        print_json(catalogue);
        return CTL_DONE;
    }
    if (print("tracks", &catalogue->tracks, part) + print("classes", &catalogue->classes, part))
        return CTL_DONE;
    fprintf(stderr, "r3ectl " NAME ": no name contains \"%s\"; try a shorter part of it\n", part ? part : "");
    return CTL_FAILED;
}

static int ask(struct control_client *client, const struct simple_options *options)
{
    struct catalogue catalogue;
    if (options->json && options->word_count)
        return ctl_wrong_usage(NAME, "--json lists all names; leave the part away");
    int code = names_fetch(client, NAME, &catalogue) ? print_names(&catalogue, options) : CTL_FAILED;
    catalogue_free(&catalogue);
    return code;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    static const struct question question = {
        .name = NAME, .fewest = 0, .most = 1, .wanted = "one PART of a name", .ask = ask};
    return question_run(&question, globals, argc, argv);
}

const struct ctl_command names_command = {
    .name = NAME,
    .summary = "tracks and classes with their identifiers",
    .help = "Usage: r3ectl " NAME " [--config FILE | --connect ENDPOINT] [--json] [PART]\n"
            "\n"
            "Those that the coordinator knows, all or with PART in their name, whatever accents and case.\n"
            "\n" CTL_CONTROL_HELP CTL_JSON_HELP "\n"
            "Exit codes: 0 done, 1 failed, nobody answers or nothing has that name, 2 wrong "
            "usage.\n"
            "\n"
            "Examples:\n"
            "  r3ectl " NAME " --config r3e-leaderboard.cfg nurburgring\n"
            "  r3ectl " NAME " --config r3e-leaderboard.cfg --json | jq '.tracks | length'\n",
    .run = run,
};
