#ifndef R3E_COMMON_PLURAL_H
#define R3E_COMMON_PLURAL_H
/* Words that depend on how many there are: "%u %s too old", count, plural(count, "board is", "boards are").
 */
#include <stdint.h>

static inline const char *plural(uint64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

#endif
