#ifndef R3E_COORDINATOR_TRIGGER_H
#define R3E_COORDINATOR_TRIGGER_H
/* The trigger file: whoever may write into its folder can ask for a refresh.
 *
 *     touch refresh_now                                   everything
 *     echo 1671 263-1703 > tmp && mv tmp refresh_now      these only: TRACK or TRACK-CLASS, by white space
 *
 * It is noticed at once (inotify(7): closed after writing, or moved there), at the start, and looked for now
 * and then in case an event was lost or the folder was made or replaced. It is moved aside (`.taken`),
 * read, removed, and then acted on: so a request is acted on once at most, and one that is written meanwhile
 * is not lost. One that cannot be moved or removed, or is no regular file, is not acted on but logged once
 * and left alone until it has changed; one that cannot be read or is larger than TRIGGER_FILE_MAX is removed.
 * Words that are no identifiers or that the catalogue does not know are logged and shown in the status; the
 * others count. A file without any identifier but with other words asks for nothing. One thread. */
#include <stdint.h>

#include "common/loop.h"
#include "coordinator/refresh_run.h"

#define TRIGGER_FILE_MAX     ((size_t)256 * 1024) /* bytes: every combination by name fits */
#define TRIGGER_PROBLEM_SIZE 200

struct trigger;

/* Everything is borrowed for its life. Where inotify is not to be had the file is looked for every few
 * seconds. */
struct trigger *trigger_open(struct loop *loop, const char *path, struct refresh_run *run);
void trigger_close(struct trigger **pointer);

/* Looks for the file if it is time to; returns how many milliseconds it may sleep. */
int64_t trigger_tick(struct trigger *trigger, int64_t now_ms);

/* What was wrong with the last one, for people; "" if nothing was, and without a trigger (NULL). */
const char *trigger_problem(const struct trigger *trigger);

/* Acts on the content of a trigger file: what trigger_tick does with it, apart for the tests. What cannot be
 * used is named in `problem`. */
void trigger_act(struct refresh_run *run, struct text content, int64_t now_ms, int64_t wall_ms,
    char problem[static TRIGGER_PROBLEM_SIZE]);

#endif
