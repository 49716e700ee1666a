#ifndef R3E_COMMON_CONFIG_VALUE_H
#define R3E_COMMON_CONFIG_VALUE_H
/* One value of the configuration: read and checked against its row of the table. */
#include <libconfig.h>
#include <stdbool.h>

#include "common/config.h"
#include "common/config_table.h"

#define CONFIG_WHY_SIZE 1200

/* Sets the member of `config` that `key` describes from text as an override gives it, or from a setting of a
 * file. Relative paths are put behind `folder`, or left as they are if it is NULL. False: `why` says what is
 * wrong and what is allowed; the member keeps its old value. */
bool config_value_from_text(struct config *config, const struct config_key *key, const char *text,
    const char *folder, char why[static CONFIG_WHY_SIZE]);
bool config_value_from_setting(struct config *config, const struct config_key *key,
    const config_setting_t *setting, const char *folder, char why[static CONFIG_WHY_SIZE]);

#endif
