#ifndef R3E_COMMON_CONFIG_VALUE_TEXT_H
#define R3E_COMMON_CONFIG_VALUE_TEXT_H
/* One value of the configuration as text: what is allowed, and what it is. */
#include <stddef.h>
#include <stdio.h>

#include "common/config.h"
#include "common/config_table.h"

/* What may stand behind `key =`: "an integer from 1 to 1500". */
void config_value_allowed(const struct config_key *key, char *out, size_t size);

/* Writes the value as libconfig reads it. */
void config_value_print(const struct config *config, const struct config_key *key, FILE *stream);

#endif
