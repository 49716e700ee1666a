#include "common/json_parse.h"

#include <stdbool.h>
#include <string.h>

static bool is_space(const char *from, const char *to)
{
    while (from < to && memchr(" \t\r\n", *from, 4))
        from++;
    return from == to;
}

cJSON *json_parse_whole(const void *bytes, size_t length)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(bytes, length, &end, false);
    if (!root || is_space(end, (const char *)bytes + length))
        return root;
    cJSON_Delete(root);
    return NULL;
}
