#include "common/json_parse.h"

#include <stdbool.h>
#include <string.h>

static bool is_space(const char *from, const char *to)
{
    while (from < to && memchr(" \t\r\n", *from, 4))
        from++;
    return from == to;
}

/* As a byte, or written \u0000. */
static bool has_nul(const char *text, size_t length)
{
    static const char escape[] = "\\u0000";
    for (size_t i = 0; i < length; i++) {
        if (!text[i] || (length - i >= sizeof escape - 1 && memcmp(text + i, escape, sizeof escape - 1) == 0))
            return true;
        i += text[i] == '\\'; /* what a backslash stands before is no backslash of its own */
    }
    return false;
}

cJSON *json_parse_whole(const void *bytes, size_t length)
{
    if (has_nul(bytes, length))
        return NULL;
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(bytes, length, &end, false);
    if (!root || is_space(end, (const char *)bytes + length))
        return root;
    cJSON_Delete(root);
    return NULL;
}
