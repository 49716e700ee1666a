#ifndef R3E_COMMON_CONFIG_FILE_H
#define R3E_COMMON_CONFIG_FILE_H
/* Reads a libconfig file of bounded size into a tree: the part that configuration and catalogue share.
 *
 * `@include` is refused: libconfig bounds its depth but neither the number nor the size of what it reads.
 * Nesting is bounded by libconfig's parser stack (10,000 levels). */
#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/config_problems.h"

/* Parses the file at `path`, of at most `limit` bytes, into `*tree`, which must be initialised (config_init)
 * and is released by the caller (config_destroy) whatever the result. True: the tree holds the whole file;
 * problems of single values may have been added all the same. False: a problem was added; after a syntax
 * error the tree holds what stood before it, so that its problems can be reported too. */
bool config_file_parse(config_t *tree, const char *path, size_t limit, struct config_problems *problems);

/* The element at `place`, which must be below config_setting_length(setting). Never NULL. */
const config_setting_t *config_file_element(const config_setting_t *setting, int place);

/* "an integer", "a string" … for messages. */
const char *config_file_type_name(const config_setting_t *setting);

#endif
