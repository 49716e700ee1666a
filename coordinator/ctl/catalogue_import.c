#include "coordinator/ctl/catalogue_import.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/catalogue.h"
#include "common/file.h"
#include "coordinator/ctl/download.h"
#include "coordinator/ctl/game_data.h"

#define NAME               "catalogue import"
#define DOWNLOAD_TIMEOUT_S 300L
#define DEFAULT_OUTPUT     "catalogue.cfg"

struct import {
    const char *source;
    const char *output;
    bool dry_run;
    struct config config;     /* owns `output` where that comes from --config */
    struct catalogue present; /* as the file has it; empty if there is none */
    struct catalogue imported;
    bool has_present;
};

/* ---- superclasses ---- */

/* What the web front end groups by, for a catalogue that is made for the first time. */
static const struct {
    const char *name;
    uint32_t class_ids[12]; /* ends with 0 */
} default_superclasses[] = {
    {"GT3", {2922, 3375, 4516, 7278, 7767, 11566, 10396, 12196, 12770, 13136, 1703}},
    {"Classics", {1712, 7287}},
    {"Audi Cup", {4680, 5726}},
    {"e-Sedan", {8682, 10266}},
    {"DTM 2010s", {1921, 3086, 4260, 5262}},
    {"Porsche Cup", {7982, 12015, 12969, 8165}},
    {"WTCR", {8660, 7009, 7844, 9233, 10344, 11317}},
    {"WTCC", {3905, 4517, 6036, 6309}},
};

static const char *add_default_superclasses(struct catalogue *catalogue)
{
    const char *problem = NULL;
    for (size_t i = 0; i < sizeof(default_superclasses) / sizeof(default_superclasses[0]); i++) {
        uint32_t place = 0;
        const char *name = default_superclasses[i].name;
        problem = problem ? problem : catalogue_add_superclass(catalogue, name, strlen(name), &place);
        for (size_t j = 0; !problem && default_superclasses[i].class_ids[j]; j++)
            problem = catalogue_add_member(catalogue, place, default_superclasses[i].class_ids[j]);
    }
    return problem;
}

static const char *copy_superclasses(struct catalogue *to, const struct catalogue *from)
{
    const char *problem = NULL;
    for (uint32_t i = 0; i < from->superclass_count && !problem; i++) {
        const struct catalogue_superclass *superclass = &from->superclasses[i];
        uint32_t place = 0;
        problem = catalogue_add_superclass(to, superclass->name, strlen(superclass->name), &place);
        for (uint32_t j = 0; j < superclass->class_count && !problem; j++)
            problem = catalogue_add_member(to, place, superclass->class_ids[j]);
    }
    return problem;
}

/* Ids that the catalogue lacks are kept: a class that comes back finds its superclass again. */
static void report_superclasses(const struct catalogue *catalogue)
{
    for (uint32_t i = 0; i < catalogue->superclass_count; i++) {
        const struct catalogue_superclass *superclass = &catalogue->superclasses[i];
        for (uint32_t j = 0; j < superclass->class_count; j++) {
            if (!catalogue_find_class(catalogue, superclass->class_ids[j]))
                printf("superclass \"%s\": there is no class %u (kept)\n", superclass->name,
                    superclass->class_ids[j]);
        }
    }
}

/* ---- what has changed ---- */

struct changes {
    uint32_t added, gone, renamed;
};

/* Walks two ascending lists side by side and prints what differs. */
static struct changes compare(
    const char *what, const struct catalogue_items *before, const struct catalogue_items *after)
{
    struct changes changes = {0};
    uint32_t i = 0;
    uint32_t j = 0;
    while (i < before->count || j < after->count) {
        const struct catalogue_item *old = i < before->count ? &before->items[i] : NULL;
        const struct catalogue_item *new = j < after->count ? &after->items[j] : NULL;
        if (new && (!old || new->id < old->id)) {
            printf("new %s: %u \"%s\"\n", what, new->id, new->name);
            changes.added++;
            j++;
        } else if (old && (!new || old->id < new->id)) {
            printf("gone %s: %u \"%s\"\n", what, old->id, old->name);
            changes.gone++;
            i++;
        } else {
            assert(old && new);
            if (strcmp(old->name, new->name) != 0) {
                printf("renamed %s: %u \"%s\" -> \"%s\"\n", what, new->id, old->name, new->name);
                changes.renamed++;
            }
            i++;
            j++;
        }
    }
    return changes;
}

/* True if anything differs. */
static bool report_changes(const struct import *import)
{
    struct changes tracks = compare("track", &import->present.tracks, &import->imported.tracks);
    struct changes classes = compare("class", &import->present.classes, &import->imported.classes);
    printf("tracks: %u, of which %u new, %u renamed; %u gone\n", import->imported.tracks.count, tracks.added,
        tracks.renamed, tracks.gone);
    printf("classes: %u, of which %u new, %u renamed; %u gone\n", import->imported.classes.count,
        classes.added, classes.renamed, classes.gone);
    return tracks.added + tracks.gone + tracks.renamed + classes.added + classes.gone + classes.renamed > 0;
}

/* ---- steps ---- */

static int fail(const char *message)
{
    fprintf(stderr, "r3ectl " NAME ": %s\n", message);
    return CTL_FAILED;
}

static int read_source(struct import *import)
{
    struct buffer content = buffer_make(GAME_DATA_FILE_MAX);
    char error[FILE_ERROR_SIZE + GAME_DATA_ERROR_SIZE + DOWNLOAD_ERROR_SIZE];
    bool read = download_is_url(import->source)
                    ? download(import->source, DOWNLOAD_TIMEOUT_S, &content, error)
                    : file_read(import->source, &content, error);
    if (read) {
        char reason[GAME_DATA_ERROR_SIZE];
        content.limit = GAME_DATA_FILE_MAX + 1; /* room for the terminating zero */
        read = game_data_read(&content, &import->imported, reason);
        if (!read && snprintf(error, sizeof(error), "%.500s: %s", import->source, reason) < 0)
            error[0] = '\0';
    }
    buffer_free(&content);
    return read ? CTL_DONE : fail(error);
}

/* No file is fine, a broken one is not: it would lose its superclasses. */
static int read_present(struct import *import)
{
    if (access(import->output, F_OK) != 0)
        return CTL_DONE;
    struct config_problems problems = config_problems_make();
    import->has_present = catalogue_load(&import->present, import->output, &problems);
    config_problems_print(&problems, stderr);
    config_problems_free(&problems);
    return import->has_present ? CTL_DONE : fail("the present catalogue is broken; mend it or move it away");
}

static int write_output(const struct import *import)
{
    struct buffer content = buffer_make(CATALOGUE_FILE_MAX);
    char error[FILE_ERROR_SIZE];
    catalogue_write(&import->imported, &content);
    int code = CTL_DONE;
    if (content.overflowed)
        code = fail("the new catalogue is larger than a catalogue file may be");
    else if (!file_write_atomic(import->output, content.data, content.length, 0644, error))
        code = fail(error);
    else
        printf("wrote %s\n", import->output);
    buffer_free(&content);
    return code;
}

static int import_all(struct import *import)
{
    int code = read_source(import);
    if (code == CTL_DONE)
        code = read_present(import);
    if (code != CTL_DONE)
        return code;
    const char *problem = import->has_present ? copy_superclasses(&import->imported, &import->present)
                                              : add_default_superclasses(&import->imported);
    if (problem)
        return fail(problem);
    bool changed = report_changes(import);
    report_superclasses(&import->imported);
    if (import->dry_run) {
        printf("dry run: %s stays as it is\n", import->output);
        return CTL_DONE;
    }
    if (import->has_present && !changed) {
        printf("%s stays as it is: nothing has changed\n", import->output);
        return CTL_DONE;
    }
    return write_output(import);
}

/* ---- command line ---- */

static int parse(struct import *import, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"output", required_argument, NULL, 'o'},
        {"dry-run", no_argument, NULL, 'n'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "o:n", long_options, NULL)) != -1) {
        if (option == 'o')
            import->output = optarg;
        else if (option == 'n')
            import->dry_run = true;
        else
            return ctl_wrong_usage(NAME, "unknown option or missing argument");
    }
    if (argc - optind != 1)
        return ctl_wrong_usage(NAME, "expected one FILE or URL");
    import->source = argv[optind];
    return CTL_DONE;
}

static int choose_output(const struct ctl_globals *globals, struct import *import)
{
    if (import->output)
        return CTL_DONE;
    import->output = DEFAULT_OUTPUT;
    if (!globals->config_path)
        return CTL_DONE;
    config_free(&import->config);
    if (!ctl_load_config(globals, &import->config))
        return CTL_WRONG;
    import->output = import->config.catalogue.file;
    return CTL_DONE;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    struct import import = {.present = catalogue_make(), .imported = catalogue_make()};
    config_defaults(&import.config);
    int code = parse(&import, argc, argv);
    if (code == CTL_DONE)
        code = choose_output(globals, &import);
    if (code == CTL_DONE)
        code = import_all(&import);
    catalogue_free(&import.present);
    catalogue_free(&import.imported);
    config_free(&import.config);
    return code;
}

const struct ctl_command catalogue_import_command = {
    .name = NAME,
    .summary = "make the catalogue file from the game's r3e-data.json",
    .help = "Usage: r3ectl [--config FILE] " NAME " FILE_OR_URL [--output FILE] [--dry-run]\n"
            "\n"
            "Reads the game's r3e-data.json, says which tracks and classes are new, gone or renamed\n"
            "against the present catalogue file, and writes it anew. Superclasses are kept.\n"
            "\n"
            "  -o, --output FILE   the catalogue file; default: catalogue.file of --config,\n"
            "                      or " DEFAULT_OUTPUT " in the current folder\n"
            "  -n, --dry-run       only say what would change\n"
            "\n"
            "Exit codes: 0 done, 1 failed (the catalogue file is as it was), 2 wrong usage.\n"
            "\n"
            "Examples:\n"
            "  r3ectl " NAME " r3e-data.json --output deploy/catalogue.cfg --dry-run\n"
            "  r3ectl --config r3e-leaderboard.cfg " NAME " https://example.org/r3e-data.json\n",
    .run = run,
};
