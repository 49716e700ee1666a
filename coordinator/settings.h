#ifndef R3E_COORDINATOR_SETTINGS_H
#define R3E_COORDINATOR_SETTINGS_H
/* The configuration and the catalogue in force: their one owner. Everybody else borrows pointers to the two
 * structs, whose content is exchanged in place by settings_reload; strings and items of them are not to be
 * kept across a round of the event loop, but for those that need a restart (config_change.h), which live as
 * long as the settings. One thread. */
#include <stdbool.h>

#include "common/catalogue.h"
#include "common/config.h"
#include "coordinator/options.h"

struct settings {
    struct config config;
    struct catalogue catalogue;
    const struct options *options; /* borrowed */
    struct arena first;            /* strings that the first configuration had; empty before a reload */
    bool reloaded;
};

/* Reads the file and the overrides of the command line, and the catalogue unless only the configuration is to
 * be printed. False: what is wrong was written to standard error. Release in both cases. */
bool settings_load(struct settings *settings, const struct options *options);
void settings_free(struct settings *settings);

/* Reads both again. False: what is wrong was logged line by line, and nothing has changed. True: what has
 * changed was logged by name, and is in force but for what needs a restart; `*catalogue_changed` tells
 * whether tracks, classes or names did. */
bool settings_reload(struct settings *settings, bool *catalogue_changed);

#endif
