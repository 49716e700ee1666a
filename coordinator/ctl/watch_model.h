#ifndef R3E_COORDINATOR_CTL_WATCH_MODEL_H
#define R3E_COORDINATOR_CTL_WATCH_MODEL_H
/* What `r3ectl watch` knows: the last of each topic, the rates of the last minutes, and what the person is
 * doing. Pure; watch_view.h makes a picture of it. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/ctl/event_list.h"
#include "coordinator/ctl/gauge.h"
#include "coordinator/ctl/listener.h"
#include "coordinator/ctl/summary.h"
#include "coordinator/ctl/worker_list.h"

#define WATCH_NOTE_SIZE 400

/* What the last row asks or says. */
enum watch_asking { WATCH_ASKS_NOTHING, WATCH_ASKS_REFRESH, WATCH_ASKS_PAUSE };

struct watch_model {
    bool known; /* a summary has come */
    struct summary summary;
    struct worker_list workers;
    struct event_list events;
    struct gauge_history rates; /* two a second */
    int64_t heard_ms;           /* monotonic; when the last message came */
    enum worker_sort sort;
    unsigned scroll; /* workers above the first one shown */
    bool help;
    enum watch_asking asking;
    char note[WATCH_NOTE_SIZE]; /* the answer to the last command, or what is wrong */
    int64_t note_until_ms;
    bool note_bad;
};

/* Begin with a zeroed struct; release with this. */
void watch_model_free(struct watch_model *model);

/* Takes a message over; what cannot be used is passed over. */
void watch_model_take(struct watch_model *model, const struct listener_message *message, int64_t now_ms);

/* Shown for a few seconds. */
void watch_model_note(struct watch_model *model, bool bad, int64_t now_ms, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
