#ifndef R3E_COORDINATOR_CTL_WATCH_FIGURES_H
#define R3E_COORDINATOR_CTL_WATCH_FIGURES_H
/* The rows of figures in the picture of `r3ectl watch`. Pure. */
#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/screen.h"
#include "coordinator/ctl/watch_model.h"

/* How many rows of them a terminal of that height has. */
unsigned watch_figures_rows(unsigned height);

/* Makes that many rows, the most telling ones first. */
void watch_figures_put(const struct watch_model *model, struct screen *screen, unsigned rows);

/* 59s, 12m, 5h03m, 2d4h: for columns. */
const char *watch_figures_age(uint64_t seconds, char out[static COLUMNS_NUMBER_SIZE]);

#endif
