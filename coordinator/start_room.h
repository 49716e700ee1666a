#ifndef R3E_COORDINATOR_START_ROOM_H
#define R3E_COORDINATOR_START_ROOM_H
/* Room on the disk before there is a store that could say what is wrong.
 *
 * Opening the store writes a few pages: the epoch, and at the first start the files themselves. On a disk
 * without any room that fails, and whoever supervises the process would start it again and again. So it
 * waits, as it would if the disk had filled up while it ran (storage.h, which takes over once the store is
 * open). */
#include <stdbool.h>
#include <stdint.h>

#include "common/notify.h"
#include "coordinator/disk_room.h"

#define START_ROOM_BYTES ((uint64_t)1024 * 1024)

/* Returns at once if there is room, or none is asked for (`floor_bytes` 0); else says once what it waits for,
 * asks the service manager for patience, and looks again every DISK_ROOM_LOOK_MS. False: a signal arrived at
 * `signal_fd` (not read). */
bool start_room_wait(const char *store_dir, uint64_t floor_bytes, int signal_fd, struct notify *notify);

#endif
