#ifndef R3E_COMMON_JSON_PARSE_H
#define R3E_COMMON_JSON_PARSE_H
/* cJSON for what comes from outside. */
#include <stddef.h>

#include <cjson/cJSON.h>

/* The value that these bytes are, and nothing behind it but white space (cJSON takes anything there). NULL:
 * they are not JSON. Release with cJSON_Delete. */
cJSON *json_parse_whole(const void *bytes, size_t length);

#endif
