#include "coordinator/target.h"

#include <string.h>

#include "common/catalogue.h"

/* Reads one id off the front; false if there is none that is allowed. */
static bool take_id(const char **at, const char *end, uint32_t *id)
{
    uint64_t value = 0;
    const char *start = *at;
    while (*at < end && **at >= '0' && **at <= '9' && value <= CATALOGUE_ID_MAX)
        value = value * 10 + (uint64_t)(*(*at)++ - '0');
    *id = (uint32_t)value;
    return *at > start && *start != '0' && value <= CATALOGUE_ID_MAX;
}

bool target_parse(const char *text, size_t length, struct target *target)
{
    const char *at = text, *end = text + length;
    struct target found = {0};
    *target = found;
    if (!take_id(&at, end, &found.track_id))
        return false;
    if (at < end && (*at++ != '-' || !take_id(&at, end, &found.class_id)))
        return false;
    if (at < end)
        return false;
    *target = found;
    return true;
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

bool target_next_word(struct text *rest, struct text *word)
{
    *word = (struct text){0};
    if (rest->length == 0)
        return false;
    uint32_t start = 0;
    while (start < rest->length && is_space(rest->data[start]))
        start++;
    uint32_t end = start;
    while (end < rest->length && !is_space(rest->data[end]))
        end++;
    *word = (struct text){rest->data + start, end - start};
    *rest = (struct text){rest->data + end, rest->length - end};
    return word->length > 0;
}

void target_show(struct text word, char out[static TARGET_SHOWN_SIZE])
{
    static const char cut[] = "...";
    uint32_t most = TARGET_SHOWN_SIZE - 1;
    uint32_t length = word.length <= most ? word.length : most - (uint32_t)strlen(cut);
    for (uint32_t i = 0; i < length; i++)
        out[i] = word.data[i] > ' ' && word.data[i] < 0x7f ? word.data[i] : '?';
    out[length] = 0;
    if (word.length > most)
        memcpy(out + length, cut, sizeof cut);
}
