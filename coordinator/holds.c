#include "coordinator/holds.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/fault_trace.h"

#define X(name, string, scope) {string, scope},
static const struct {
    const char *string;
    enum hold_scope scope;
} kinds[] = {HOLDS(X)};
#undef X

const char *hold_kind_string(enum hold_kind kind)
{
    return kinds[kind].string;
}

const struct hold *holds_get(const struct holds *holds, enum hold_kind kind, int64_t now_ms)
{
    const struct hold *hold = &holds->kinds[kind];
    return hold->set && hold->until_ms > now_ms ? hold : NULL;
}

bool holds_set(
    struct holds *holds, enum hold_kind kind, int64_t until_ms, int64_t now_ms, const char *format, ...)
{
    bool before = holds_get(holds, kind, now_ms) != NULL;
    struct hold *hold = &holds->kinds[kind];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(hold->text, sizeof hold->text, format, arguments) < 0)
        hold->text[0] = 0;
    va_end(arguments);
    hold->set = true;
    hold->until_ms = until_ms;
    FAULT_TRACE("hold", "kind=%s scope=%s until_ms=%" PRId64, kinds[kind].string,
        kinds[kind].scope == HOLD_JOBS ? "jobs" : "requests", until_ms);
    return !before;
}

bool holds_clear(struct holds *holds, enum hold_kind kind, int64_t now_ms)
{
    bool before = holds_get(holds, kind, now_ms) != NULL;
    holds->kinds[kind].set = false;
    if (before)
        FAULT_TRACE("hold_cleared", "kind=%s", kinds[kind].string);
    return before;
}

bool holds_is_alone(const struct holds *holds, enum hold_kind kind, int64_t now_ms)
{
    for (unsigned other = 0; other < HOLD_KINDS; other++)
        if (other != kind && holds_get(holds, (enum hold_kind)other, now_ms))
            return false;
    return true;
}

int64_t holds_wait_ms(const struct holds *holds, enum hold_scope scope, int64_t now_ms)
{
    int64_t until_ms = now_ms;
    for (unsigned kind = 0; kind < HOLD_KINDS; kind++) {
        const struct hold *hold = holds_get(holds, (enum hold_kind)kind, now_ms);
        if (hold && kinds[kind].scope >= scope && hold->until_ms > until_ms)
            until_ms = hold->until_ms;
    }
    return until_ms == HOLD_FOREVER ? HOLD_FOREVER : until_ms - now_ms;
}

enum hold_kind holds_first(const struct holds *holds, int64_t now_ms)
{
    unsigned kind = 0;
    while (kind < HOLD_KINDS && !holds_get(holds, (enum hold_kind)kind, now_ms))
        kind++;
    return (enum hold_kind)kind;
}
