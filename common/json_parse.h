#ifndef R3E_COMMON_JSON_PARSE_H
#define R3E_COMMON_JSON_PARSE_H
/* cJSON for what comes from outside. */
#include <stddef.h>

#include <cjson/cJSON.h>

/* The value that these bytes are, with nothing behind it but white space (cJSON takes anything there) and no
 * NUL in a string (cJSON gives what stands before it). NULL: they are not that. Release with cJSON_Delete. */
cJSON *json_parse_whole(const void *bytes, size_t length);

#endif
