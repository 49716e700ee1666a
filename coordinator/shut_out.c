#include "coordinator/shut_out.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

void shut_out_add(struct shut_out *shut_out, const char *key, int64_t until_ms)
{
    size_t place = 0;
    for (size_t i = 0; i < SHUT_OUT_MOST; i++) {
        if (strcmp(shut_out->keys[i].key, key) == 0) {
            place = i;
            break;
        }
        if (shut_out->keys[i].until_ms < shut_out->keys[place].until_ms)
            place = i;
    }
    bool is_there = strcmp(shut_out->keys[place].key, key) == 0;
    if (is_there && shut_out->keys[place].until_ms >= until_ms)
        return;
    int length = snprintf(shut_out->keys[place].key, KEY_FILE_Z85_SIZE, "%s", key);
    if (length < 0 || length >= KEY_FILE_Z85_SIZE)
        log_bug("shut_out: a key of %d characters", length);
    shut_out->keys[place].until_ms = until_ms;
}

bool shut_out_has(const struct shut_out *shut_out, const char *key, int64_t now_ms)
{
    for (size_t i = 0; i < SHUT_OUT_MOST; i++)
        if (shut_out->keys[i].until_ms > now_ms && strcmp(shut_out->keys[i].key, key) == 0)
            return true;
    return false;
}
