#ifndef R3E_COORDINATOR_CTL_KEYS_H
#define R3E_COORDINATOR_CTL_KEYS_H
/* Bytes from a terminal as keys. Pure. */
#include <stddef.h>

/* Printable ASCII stands for itself. */
enum key {
    KEY_NONE = 0,
    KEY_ESCAPE = 27,
    KEY_UP = 256,
    KEY_DOWN,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_OTHER
};

/* The key that begins at `bytes`; `*used` is the number of its bytes, at least 1 unless there are none. The
 * sequences are those of ECMA-48 and of xterm's application mode; one that is not known, or of another
 * character than ASCII, is KEY_OTHER. */
enum key keys_next(const char *bytes, size_t length, size_t *used);

#endif
