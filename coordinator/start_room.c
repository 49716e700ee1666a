#include "coordinator/start_room.h"

#include <poll.h>

#include "common/clock.h"
#include "common/log.h"

/* From one look to the next, and more. */
#define PATIENCE_MS (10 * INT64_C(1000))

bool start_room_wait(const char *store_dir, uint64_t floor_bytes, int signal_fd, struct notify *notify)
{
    struct disk_room room = disk_room_make(disk_probe_system, store_dir, store_dir,
        floor_bytes < START_ROOM_BYTES ? floor_bytes : START_ROOM_BYTES);
    struct pollfd signals = {.fd = signal_fd, .events = POLLIN};
    bool waited = false;
    while (disk_room_is_full(&room, clock_monotonic_ms())) {
        if (!waited)
            log_warn("%s; the store is opened when there is room", room.text);
        waited = true;
        notify_status(notify, room.text);
        notify_extend(notify, PATIENCE_MS);
        if (poll(&signals, 1, DISK_ROOM_LOOK_MS) > 0)
            return false;
    }
    if (waited)
        log_info("there is room on the disk again");
    return true;
}
