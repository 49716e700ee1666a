#include "coordinator/settings.h"

#include <stdio.h>
#include <string.h>

#include "common/config_change.h"
#include "common/key_file.h"
#include "common/log.h"

static bool load(const struct options *options, struct config *config, struct catalogue *catalogue,
    struct config_problems *problems)
{
    return config_load(config, options->config_path, options->overrides, options->override_count, problems) &&
           (options->print_config || catalogue_load(catalogue, config->catalogue.file, problems));
}

/* Early, so that --check tells of it. */
static bool check_server_key(const struct config *config, struct config_problems *problems)
{
    struct key_file key;
    char error[FILE_ERROR_SIZE];
    if (!config->security.server_key[0])
        return true;
    bool usable = key_file_read(config->security.server_key, KEY_FILE_SECRET, &key, error);
    if (!usable)
        config_problems_add(problems, NULL, 0, "security.server_key: %s", error);
    key_file_wipe(&key);
    return usable;
}

bool settings_load(struct settings *settings, const struct options *options)
{
    *settings = (struct settings){.options = options, .catalogue = catalogue_make(), .first = arena_make(0)};
    struct config_problems problems = config_problems_make();
    bool loaded = load(options, &settings->config, &settings->catalogue, &problems) &&
                  check_server_key(&settings->config, &problems);
    config_problems_print(&problems, stderr);
    config_problems_free(&problems);
    return loaded;
}

void settings_free(struct settings *settings)
{
    catalogue_free(&settings->catalogue);
    config_free(&settings->config);
    arena_free(&settings->first);
}

/* ---- reloading ---- */

static void log_problems(struct config_problems *problems)
{
    char *line = (char *)problems->text.data, *end;
    size_t left = problems->text.length;
    for (; left && (end = memchr(line, '\n', left)); line = end + 1) {
        log_error("%.*s", (int)(end - line), line);
        left -= (size_t)(end + 1 - line);
    }
    log_error("reload: %zu problems; configuration and catalogue stay as they were", problems->count);
}

static void log_change(void *context, const struct config_key *key)
{
    unsigned *count = context;
    ++*count;
    if (config_key_needs_restart(key))
        log_warn("reload: %s.%s has changed and takes effect after a restart", key->group, key->name);
    else
        log_info("reload: %s.%s has changed", key->group, key->name);
}

static bool are_equal(const struct catalogue *left, const struct catalogue *right)
{
    struct buffer a = buffer_make(CATALOGUE_ENCODED_MAX), b = buffer_make(CATALOGUE_ENCODED_MAX);
    catalogue_encode(left, &a);
    catalogue_encode(right, &b);
    bool equal = a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
    buffer_free(&a);
    buffer_free(&b);
    return equal;
}

/* Takes both over. */
static void exchange(struct settings *settings, struct config *config, struct catalogue *catalogue)
{
    if (settings->reloaded)
        config_free(&settings->config);
    else
        settings->first = settings->config.arena;
    settings->reloaded = true;
    settings->config = *config;
    catalogue_free(&settings->catalogue);
    settings->catalogue = *catalogue;
}

bool settings_reload(struct settings *settings, bool *catalogue_changed)
{
    struct config_problems problems = config_problems_make();
    struct config config;
    struct catalogue catalogue = catalogue_make();
    unsigned changes = 0;
    bool loaded = load(settings->options, &config, &catalogue, &problems);
    if (loaded) {
        config_follow(&config, &settings->config, log_change, &changes);
        *catalogue_changed = !are_equal(&catalogue, &settings->catalogue);
        exchange(settings, &config, &catalogue);
        log_info("reload: %u keys of the configuration and %s have changed", changes,
            *catalogue_changed ? "the catalogue" : "nothing of the catalogue");
    } else {
        log_problems(&problems);
        catalogue_free(&catalogue);
        config_free(&config);
    }
    config_problems_free(&problems);
    return loaded;
}
