#ifndef R3E_WORKER_LAPTIME_H
#define R3E_WORKER_LAPTIME_H
/* The service's way of writing a gap to the leader. */
#include <stdint.h>

/* `+1.533s`, `+01.533s`, `+1m 02.003s`, `1h 02m 03.5s` in microseconds. 0 for the leader's empty string and
 * for everything that is not such a time, or longer than a year (BOARD_TIME_DIFF_MAX). */
uint64_t laptime_gap_us(const char *string);

#endif
