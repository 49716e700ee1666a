#include "common/config.h"

#include <assert.h>
#include <libconfig.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config_check.h"
#include "common/config_file.h"
#include "common/config_table.h"
#include "common/config_value.h"
#include "common/config_value_text.h"
#include "common/endpoint.h"
#include "common/version.h"

#define ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define HOME_PAGE   "https://github.com/r3e-leaderboard/r3e-leaderboard"

struct loader {
    struct config *config;
    struct config_places places;
    char folder[PATH_MAX];  /* of the file; the process's if there is none */
    char current[PATH_MAX]; /* the process's */
};

/* The table's defaults; relative paths behind `folder` unless that is NULL. */
static void set_defaults(struct config *config, const char *folder)
{
    *config = (struct config){.arena = arena_make(ARENA_BYTES)};
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        char why[CONFIG_WHY_SIZE];
        bool set = config_value_from_text(config, &config_keys[i], config_keys[i].initial, folder, why);
        if (!set)
            log_bug("default of %s.%s: %s", config_keys[i].group, config_keys[i].name, why);
    }
}

void config_defaults(struct config *config)
{
    set_defaults(config, NULL);
}

void config_free(struct config *config)
{
    arena_free(&config->arena);
    *config = (struct config){.arena = arena_make(0)};
}

/* ---- the file ---- */

static void report_unknown_key(struct loader *loader, const char *group, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    const struct config_key *nearest = config_nearest_key(group, name);
    const char *file = loader->places.file;
    unsigned line = config_setting_source_line(setting);
    struct config_problems *problems = loader->places.problems;
    if (nearest)
        config_problems_add(problems, file, line, "%s.%.100s: unknown key; did you mean %s.%s?", group, name,
            nearest->group, nearest->name);
    else
        config_problems_add(problems, file, line,
            "%s.%.100s: unknown key; see r3e-coordinator --print-config for all keys", group, name);
}

static void read_key(struct loader *loader, const char *group, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    const struct config_key *key = config_find_key(group, name, strlen(name));
    if (!key) {
        report_unknown_key(loader, group, setting);
        return;
    }
    loader->places.lines[key - config_keys] = config_setting_source_line(setting);
    char why[CONFIG_WHY_SIZE];
    if (!config_value_from_setting(loader->config, key, setting, loader->folder, why))
        config_places_report(&loader->places, group, name, "%s", why);
}

static void report_unknown_group(struct loader *loader, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    const struct config_group *group = config_nearest_group(name);
    const struct config_key *key = config_setting_is_group(setting) ? NULL : config_nearest_key("", name);
    unsigned line = config_setting_source_line(setting);
    struct config_problems *problems = loader->places.problems;
    if (key)
        config_problems_add(problems, loader->places.file, line,
            "%.100s: stands outside of any group; did you mean %s in the group %s?", name, key->name,
            key->group);
    else if (group)
        config_problems_add(problems, loader->places.file, line, "%.100s: unknown group; did you mean %s?",
            name, group->name);
    else
        config_problems_add(problems, loader->places.file, line,
            "%.100s: unknown group; see r3e-coordinator --print-config for all groups", name);
}

static void read_group(struct loader *loader, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    const struct config_group *group = config_find_group(name, strlen(name));
    if (!group) {
        report_unknown_group(loader, setting);
        return;
    }
    unsigned line = config_setting_source_line(setting);
    loader->places.group_lines[group - config_groups] = line;
    if (!config_setting_is_group(setting)) {
        config_problems_add(loader->places.problems, loader->places.file, line,
            "%s: is %s; allowed: a group, written %s : { … };", name, config_file_type_name(setting), name);
        return;
    }
    for (int i = 0; i < config_setting_length(setting); i++) {
        const config_setting_t *element = config_file_element(setting, i);
        /* What a syntax error cut off has a name and no value. */
        if (config_setting_type(element) != CONFIG_TYPE_NONE)
            read_key(loader, name, element);
    }
}

/* False: the file could not be read to its end. */
static bool read_file(struct loader *loader)
{
    config_t tree;
    config_init(&tree);
    bool parsed = config_file_parse(&tree, loader->places.file, CONFIG_FILE_MAX, loader->places.problems);
    const config_setting_t *root = config_root_setting(&tree);
    for (int i = 0; root && i < config_setting_length(root); i++) {
        const config_setting_t *element = config_file_element(root, i);
        if (config_setting_type(element) != CONFIG_TYPE_NONE)
            read_group(loader, element);
    }
    config_destroy(&tree);
    return parsed;
}

/* ---- overrides ---- */

static void read_override(struct loader *loader, const char *override)
{
    struct config_problems *problems = loader->places.problems;
    const char *equals = strchr(override, '=');
    const char *point = strchr(override, '.');
    if (!equals || !point || point > equals) {
        config_problems_add(problems, NULL, 0,
            "--set %.300s: is not of the form group.key=value, such as politeness.rate_per_s=2", override);
        return;
    }
    const struct config_group *group = config_find_group(override, (size_t)(point - override));
    const struct config_key *key =
        group ? config_find_key(group->name, point + 1, (size_t)(equals - point - 1)) : NULL;
    if (!key) {
        char name[100];
        int length = snprintf(
            name, sizeof(name), "%.*s", equals - point < 90 ? (int)(equals - point - 1) : 90, point + 1);
        assert(length >= 0 && (size_t)length < sizeof(name));
        const struct config_key *nearest = config_nearest_key(group ? group->name : "", name);
        config_problems_add(problems, NULL, 0, "--set %.300s: unknown key%s%s%s%s%s", override,
            nearest ? "; did you mean " : "", nearest ? nearest->group : "", nearest ? "." : "",
            nearest ? nearest->name : "", nearest ? "?" : "");
        return;
    }
    loader->places.overrides[key - config_keys] = override;
    char why[CONFIG_WHY_SIZE];
    if (!config_value_from_text(loader->config, key, equals + 1, loader->current, why))
        config_places_report(&loader->places, key->group, key->name, "%s", why);
}

/* ---- what follows from other values ---- */

/* `folder`/`name` with `prefix`, owned by the configuration. */
static const char *compose(struct config *config, const char *prefix, const char *folder, const char *name)
{
    char text[PATH_MAX + 100];
    int length = snprintf(text, sizeof(text), "%s%s/%s", prefix, folder, name);
    assert(length >= 0 && (size_t)length < sizeof(text));
    char *copy = arena_copy(&config->arena, text, (size_t)length);
    if (!copy)
        log_bug("the configuration does not fit into its %zu bytes", ARENA_BYTES);
    return copy;
}

/* Sockets that were not named are in store.dir, and so is what stands beside a tcp socket for this host. */
static void complete_sockets(struct loader *loader)
{
    struct config *config = loader->config;
    const struct {
        const char **endpoint, **local;
        const char *name;
    } sockets[] = {{&config->sockets.jobs, &config->local_sockets.jobs, "jobs.sock"},
        {&config->sockets.results, &config->local_sockets.results, "results.sock"},
        {&config->sockets.status, &config->local_sockets.status, "status.sock"},
        {&config->sockets.control, &config->local_sockets.control, "control.sock"}};
    size_t longest = 0;
    for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
        *sockets[i].local = *sockets[i].endpoint;
        if (*sockets[i].endpoint[0] && strncmp(*sockets[i].endpoint, "tcp://", 6) != 0)
            continue;
        size_t length = strlen(config->store.dir) + 1 + strlen(sockets[i].name);
        longest = length > longest ? length : longest;
        *sockets[i].local = compose(config, "ipc://", config->store.dir, sockets[i].name);
        if (!*sockets[i].endpoint[0])
            *sockets[i].endpoint = *sockets[i].local;
    }
    if (longest > ENDPOINT_IPC_PATH_MAX)
        config_places_report(&loader->places, "store", "dir",
            "the path is %zu bytes too long for the sockets in this folder (the system allows %d bytes for a "
            "socket's whole path); choose a shorter path or set sockets.* to ipc:// elsewhere",
            longest - ENDPOINT_IPC_PATH_MAX, ENDPOINT_IPC_PATH_MAX);
}

static void complete(struct loader *loader)
{
    struct config *config = loader->config;
    complete_sockets(loader);
    if (!config->refresh.trigger_file[0])
        config->refresh.trigger_file = compose(config, "", config->store.dir, "refresh_now");
    if (!config->upstream.user_agent[0])
        config->upstream.user_agent = "r3e-leaderboard/" R3E_VERSION " (+" HOME_PAGE ")";
}

/* Finds the folders that relative paths are relative to. */
static bool find_folders(struct loader *loader)
{
    const char *file = loader->places.file;
    if (!getcwd(loader->current, sizeof(loader->current))) {
        config_problems_add(loader->places.problems, NULL, 0, "cannot tell the current folder's path");
        return false;
    }
    memcpy(loader->folder, loader->current, sizeof(loader->folder));
    if (!file)
        return true;
    char path[PATH_MAX];
    const char *slash = strrchr(file, '/');
    size_t length = slash ? (size_t)(slash - file) + 1 : 1;
    if (length >= sizeof(path)) {
        config_problems_add(loader->places.problems, NULL, 0, "the configuration file's path is too long");
        return false;
    }
    memcpy(path, slash ? file : ".", length);
    path[length] = '\0';
    if (!realpath(path, loader->folder)) {
        config_problems_add(loader->places.problems, file, 0, "cannot find its folder %s", path);
        return false;
    }
    return true;
}

bool config_load(struct config *config, const char *path, const char *const *overrides, size_t override_count,
    struct config_problems *problems)
{
    size_t before = problems->count;
    struct loader loader = {.config = config, .places = {.file = path, .problems = problems}};
    bool found = find_folders(&loader);
    set_defaults(config, found ? loader.folder : NULL);
    if (!found)
        return false;
    bool read = !path || read_file(&loader);
    for (size_t i = 0; i < override_count; i++)
        read_override(&loader, overrides[i]);
    /* Where reading broke off, what is missing and what does not fit are only consequences. */
    if (read && config_check_required(&loader.places) && problems->count == before) {
        complete(&loader);
        if (problems->count == before)
            config_check(config, &loader.places);
    }
    return problems->count == before;
}

/* ---- printing ---- */

/* `text` as comment lines of at most 100 columns. */
static void print_comment(const char *text, const char *indent, FILE *stream)
{
    while (*text) {
        size_t length = strlen(text);
        if (length > 96) {
            length = 96;
            while (length && text[length] != ' ')
                length--;
        }
        fprintf(stream, "%s# %.*s\n", indent, (int)length, text);
        text += length;
        text += *text == ' ';
    }
}

static void print_key(const struct config *config, const struct config_key *key, FILE *stream)
{
    print_comment(key->help, "    ", stream);
    if (key->type == CONFIG_INT || key->type == CONFIG_DOUBLE) {
        char allowed[100];
        config_value_allowed(key, allowed, sizeof(allowed));
        fprintf(stream, "    # Allowed: %s; default %s.\n", allowed, key->initial);
    }
    fprintf(stream, "    %s = ", key->name);
    config_value_print(config, key, stream);
    fputs(";\n", stream);
}

void config_print(const struct config *config, FILE *stream)
{
    for (size_t i = 0; i < CONFIG_GROUP_COUNT; i++) {
        if (i)
            putc('\n', stream);
        print_comment(config_groups[i].help, "", stream);
        fprintf(stream, "%s : {\n", config_groups[i].name);
        for (size_t j = 0; j < CONFIG_KEY_COUNT; j++) {
            if (strcmp(config_keys[j].group, config_groups[i].name) == 0)
                print_key(config, &config_keys[j], stream);
        }
        fputs("};\n", stream);
    }
}
