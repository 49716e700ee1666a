#include "coordinator/publish_due.h"

/* A cause that lasts (a full disk) costs a run now and then only; one that has gone is found out within
 * PUBLISH_RETRY_LAST_MS, or sooner if there is something new to publish. */
static int64_t retry_pause_ms(const struct publish_situation *now)
{
    if (now->news && !now->busy)
        return now->once ? 0 : PUBLISH_RETRY_FIRST_MS;
    int64_t pause_ms = PUBLISH_RETRY_FIRST_MS;
    for (unsigned i = now->failed_in_row; i > 1 && pause_ms < PUBLISH_RETRY_LAST_MS; i--)
        pause_ms *= 2;
    return pause_ms < PUBLISH_RETRY_LAST_MS ? pause_ms : PUBLISH_RETRY_LAST_MS;
}

static bool goes_on(const struct publish_situation *now, int64_t now_ms)
{
    return now->busy || (!now->once && now->next_due_ms < now_ms + PUBLISH_QUIET_MS);
}

int64_t publish_wait_ms(const struct publish_situation *now, int64_t now_ms)
{
    int64_t every_ms = now->every_ms, due_ms = now_ms;
    if (now->hurried && every_ms > PUBLISH_HURRIED_EVERY_MS)
        every_ms = PUBLISH_HURRIED_EVERY_MS;
    if (now->asked)
        return 0;
    if (now->failed)
        due_ms = now->failed_at_ms + retry_pause_ms(now);
    else if (goes_on(now, now_ms) && (now->begun || !now->found_boards || now->once))
        due_ms = now->begun_at_ms + every_ms;
    return due_ms > now_ms ? due_ms - now_ms : 0;
}
