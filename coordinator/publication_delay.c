#include "coordinator/publication_delay.h"

#include <string.h>

/* Makes room: the two neighbours that are nearest in time become one, which counts from the older one on.
 * Those of the export that runs are not joined with those that came after. */
static void join_nearest(struct publication_delay *delay)
{
    unsigned best = 0;
    int64_t best_ms = INT64_MAX;
    for (unsigned i = 0; i + 1 < delay->count; i++) {
        int64_t apart_ms = delay->groups[i + 1].stored_ms - delay->groups[i].stored_ms;
        if (apart_ms < best_ms && i + 1 != delay->under_way) {
            best_ms = apart_ms;
            best = i;
        }
    }
    delay->groups[best].boards += delay->groups[best + 1].boards;
    memmove(&delay->groups[best + 1], &delay->groups[best + 2],
        (delay->count - best - 2) * sizeof delay->groups[0]);
    delay->count--;
    if (best + 1 < delay->under_way)
        delay->under_way--;
}

void publication_delay_stored(struct publication_delay *delay, uint64_t stored, int64_t now_ms)
{
    if (stored <= delay->stored)
        return;
    if (delay->count == PUBLICATION_GROUPS)
        join_nearest(delay);
    delay->groups[delay->count].stored_ms = now_ms;
    delay->groups[delay->count].boards = stored - delay->stored;
    delay->count++;
    delay->stored = stored;
}

void publication_delay_begin(struct publication_delay *delay)
{
    delay->under_way = delay->count;
}

void publication_delay_end(struct publication_delay *delay, bool ok, int64_t now_ms)
{
    unsigned done = ok ? delay->under_way : 0;
    for (unsigned i = 0; i < done; i++) {
        int64_t waited_ms = now_ms - delay->groups[i].stored_ms;
        histogram_add(&delay->delays, waited_ms > 0 ? (uint64_t)waited_ms : 0, delay->groups[i].boards);
    }
    delay->count -= done;
    memmove(delay->groups, delay->groups + done, delay->count * sizeof delay->groups[0]);
    delay->under_way = 0;
}

int64_t publication_delay_oldest_ms(const struct publication_delay *delay, int64_t now_ms)
{
    return delay->count ? now_ms - delay->groups[0].stored_ms : 0;
}
