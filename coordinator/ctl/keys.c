#include "coordinator/ctl/keys.h"

#include <string.h>

/* ESC [ parameters, intermediates, a final byte from 0x40 to 0x7E (ECMA-48, 5.4); or ESC O and one byte. */
static size_t sequence_length(const char *bytes, size_t length)
{
    size_t at = 2;
    if (bytes[1] == 'O')
        return length > 2 ? 3 : length;
    while (at < length && (bytes[at] < 0x40 || bytes[at] > 0x7E))
        at++;
    return at < length ? at + 1 : length;
}

static enum key named(const char *sequence, size_t length)
{
    static const struct {
        const char *ends; /* behind ESC [ or ESC O */
        enum key key;
    } known[] = {{"A", KEY_UP}, {"B", KEY_DOWN}, {"H", KEY_HOME}, {"F", KEY_END}, {"1~", KEY_HOME},
        {"4~", KEY_END}, {"5~", KEY_PAGE_UP}, {"6~", KEY_PAGE_DOWN}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (length - 2 == strlen(known[i].ends) && memcmp(sequence + 2, known[i].ends, length - 2) == 0)
            return known[i].key;
    return KEY_OTHER;
}

enum key keys_next(const char *bytes, size_t length, size_t *used)
{
    *used = length ? 1 : 0;
    if (!length)
        return KEY_NONE;
    if (bytes[0] == KEY_ESCAPE && length > 1 && (bytes[1] == '[' || bytes[1] == 'O')) {
        *used = sequence_length(bytes, length);
        return named(bytes, *used);
    }
    if (bytes[0] == KEY_ESCAPE || bytes[0] == '\n' || bytes[0] == '\r' ||
        (bytes[0] >= ' ' && bytes[0] <= '~'))
        return (enum key)bytes[0];
    return KEY_OTHER;
}
