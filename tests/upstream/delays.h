// Things that happen later: a heap of due times, filled by any thread, run by the one in delays_wait().
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct delays;

// Called without any lock when its time has come, or early with `stopping` when the program ends.
// Returns the next due time (monotonic, microseconds), or 0 when it is over; 0 is obligatory when `stopping`.
typedef uint64_t delays_function(void *argument, bool stopping);

struct delays *delays_new(void);
// Precondition: nothing is waiting any more (delays_stop() was called).
void delays_free(struct delays *delays);

// Runs `function(argument)` at `due_us`. False: delays_stop() was called, it will never run.
bool delays_add(struct delays *delays, uint64_t due_us, delays_function *function, void *argument);

// Runs what falls due until `fd` becomes readable.
void delays_run_until_readable(struct delays *delays, int fd);

// Runs everything that waits with `stopping` set and refuses more.
void delays_stop(struct delays *delays);

// Monotonic time in microseconds.
uint64_t delays_now_us(void);
