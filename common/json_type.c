#include "common/json_type.h"

const char *json_type_name(const cJSON *value)
{
    if (!value)
        return "missing";
    switch (value->type & 0xff) {
    case cJSON_NULL:
        return "null";
    case cJSON_Number:
        return "a number";
    case cJSON_String:
        return "a string";
    case cJSON_Array:
        return "a list";
    case cJSON_Object:
        return "an object";
    default:
        return "true or false";
    }
}
