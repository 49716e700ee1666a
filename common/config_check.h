#ifndef R3E_COMMON_CONFIG_CHECK_H
#define R3E_COMMON_CONFIG_CHECK_H
/* What one key's row of the table cannot say: required keys, and keys that must fit each other. */
#include "common/config.h"
#include "common/config_table.h"

/* Where each key was set, so that a problem found late can still name its place. */
struct config_places {
    const char *file;                         /* NULL: none */
    unsigned lines[CONFIG_KEY_COUNT];         /* 0: not set in the file */
    unsigned group_lines[CONFIG_GROUP_COUNT]; /* 0: not in the file */
    const char *overrides[CONFIG_KEY_COUNT];  /* NULL: not overridden */
    struct config_problems *problems;         /* borrowed */
};

/* Adds "FILE:LINE: group.key: …" or "--set group.key=value: …", whichever set the key. A key that nobody set
 * gets the line of its group, or 1. */
void config_places_report(const struct config_places *places, const char *group, const char *name,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Reports required keys that nobody set. True if there are none. */
bool config_check_required(const struct config_places *places);

/* Reports every pair of values that do not fit. For a complete configuration whose values are valid alone. */
void config_check(const struct config *config, const struct config_places *places);

#endif
