#include "coordinator/status_fields.h"

#include "common/clock.h"

void status_field_uint(struct json_writer *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_uint(json, value);
}

void status_field_string(struct json_writer *json, const char *key, const char *value)
{
    json_key(json, key);
    json_string(json, value);
}

void status_field_time(struct json_writer *json, const char *key, int64_t wall_ms)
{
    char time[CLOCK_RFC3339_SIZE];
    json_key(json, key);
    if (wall_ms == 0) {
        json_null(json);
        return;
    }
    clock_rfc3339(wall_ms, time);
    json_string(json, time);
}

void status_field_tenths(struct json_writer *json, const char *key, double value)
{
    json_key(json, key);
    json_double(json, (double)(int64_t)(value * 10 + 0.5) / 10);
}
