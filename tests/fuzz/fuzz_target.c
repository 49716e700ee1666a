/* What stands in a trigger file: words, and what is taken for an identifier. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text word, rest = {(const char *)data, (uint32_t)size};
    size_t seen = 0;
    while (target_next_word(&rest, &word)) {
        char shown[TARGET_SHOWN_SIZE], again[32];
        struct target target;
        seen += word.length;
        target_show(word, shown);
        for (const char *at = shown; *at; at++)
            if (*at < ' ' || *at > '~')
                abort();
        if (!target_parse(word.data, word.length, &target))
            continue;
        /* What is taken for an identifier is written in exactly one way. */
        int length = target.class_id
                         ? snprintf(again, sizeof again, "%u-%u", target.track_id, target.class_id)
                         : snprintf(again, sizeof again, "%u", target.track_id);
        if (length != (int)word.length || memcmp(again, word.data, word.length) != 0)
            abort();
    }
    if (seen > size || rest.length)
        abort();
    return 0;
}
