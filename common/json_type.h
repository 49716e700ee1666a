#ifndef R3E_COMMON_JSON_TYPE_H
#define R3E_COMMON_JSON_TYPE_H
/* What a JSON value is, in words for messages. */
#include <cjson/cJSON.h>

/* "missing" (NULL), "null", "a number", "a string", "a list", "an object" or "true or false": a constant
 * string. */
const char *json_type_name(const cJSON *value);

#endif
