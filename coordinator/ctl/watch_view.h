#ifndef R3E_COORDINATOR_CTL_WATCH_VIEW_H
#define R3E_COORDINATOR_CTL_WATCH_VIEW_H
/* The picture that `r3ectl watch` shows, for any size of terminal: what matters most has the first rows, the
 * workers and the events share what is left, the last row tells the keys. Pure. */
#include <stdint.h>

#include "coordinator/ctl/screen.h"
#include "coordinator/ctl/watch_model.h"

#define WATCH_SILENT_MS 2000 /* without a message for longer, the picture says so: it is old */

/* Makes all rows of a screen that was begun. Corrects `model->scroll` to what there is. */
void watch_view_make(struct watch_model *model, struct screen *screen, int64_t now_ms);

/* How many workers a page of the list has, for paging. */
unsigned watch_view_workers_shown(const struct watch_model *model, const struct screen *screen);

#endif
