#ifndef R3E_COORDINATOR_STATUS_FIELDS_H
#define R3E_COORDINATOR_STATUS_FIELDS_H
/* Key and value in one call, for the parts that tell the world what goes on. */
#include <stdint.h>

#include "common/json_writer.h"

void status_field_uint(struct json_writer *json, const char *key, uint64_t value);
void status_field_string(struct json_writer *json, const char *key, const char *value);

/* RFC 3339; null for 0: never. */
void status_field_time(struct json_writer *json, const char *key, int64_t wall_ms);

/* With one digit behind the point. */
void status_field_tenths(struct json_writer *json, const char *key, double value);

#endif
