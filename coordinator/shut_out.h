#ifndef R3E_COORDINATOR_SHUT_OUT_H
#define R3E_COORDINATOR_SHUT_OUT_H
/* Keys that may not send results for a while: those of peers that were put aside (rubbish.h). What they send
 * is not looked at, but would still be received, at the expense of all others. Pure; times are monotonic
 * milliseconds. Bounded: of more than SHUT_OUT_MOST the one whose time is over first goes. */
#include <stdbool.h>
#include <stdint.h>

#include "common/key_file.h"

#define SHUT_OUT_MOST 32 /* as many as rubbish.h remembers */

struct shut_out { /* nobody: all zero */
    struct {
        char key[KEY_FILE_Z85_SIZE]; /* "": free */
        int64_t until_ms;
    } keys[SHUT_OUT_MOST];
};

/* A key that is there already stays until the later time. */
void shut_out_add(struct shut_out *shut_out, const char *key, int64_t until_ms);

bool shut_out_has(const struct shut_out *shut_out, const char *key, int64_t now_ms);

#endif
