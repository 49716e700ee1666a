#ifndef R3E_EXPORTER_FLAT_ENTRY_H
#define R3E_EXPORTER_FLAT_ENTRY_H
/* One entry of driver_index.json.gz (FORMATS, "Flat layout") as JSON. Written without json_writer: there are
 * millions of them, and their strings are escaped already. */
#include <stdint.h>

#include "common/board.h"
#include "common/buffer.h"
#include "common/pack_reader.h"

struct flat_entry {
    struct text name; /* this and the next two are escaped for JSON */
    struct text shared[BOARD_COLUMNS];
    struct text track;
    struct text laptime, date_time; /* as they came */
    uint32_t position;
    uint32_t track_id, class_id;
    uint32_t total_entries;
    uint64_t time_diff_us;
};

/* Appends the object. Whether it fitted shows in `out`. */
void flat_entry_append(const struct flat_entry *entry, struct buffer *out);

#endif
