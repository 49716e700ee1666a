#ifndef R3E_COORDINATOR_CTL_GAME_DATA_H
#define R3E_COORDINATOR_CTL_GAME_DATA_H
/* Reads the game's own data file, r3e-data.json, as its maker publishes it: of all that it holds, the track
 * layouts and the classes.
 *
 *     { "tracks": { "262": { "Name": "…", "layouts": [ { "Id": 263, "Name": "…" }, … ] }, … },
 *       "classes": { "1703": { "Id": 1703, "Name": "…" }, … }, … }
 *
 * Tolerated: unknown members, lists in place of the outer objects, a track without layouts, a layout without
 * a name. All else that does not fit makes the file one that we refuse. */
#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"
#include "common/catalogue.h"

#define GAME_DATA_FILE_MAX ((size_t)64 * 1024 * 1024) /* bytes */
#define GAME_DATA_VALUES_MAX                                                                                 \
    ((size_t)4 * 1000 * 1000) /* JSON values; cJSON takes some 100 bytes for each                            \
                               */
#define GAME_DATA_ERROR_SIZE 512

/* Adds tracks ("{track's name} - {layout's name}", the layout's id) and classes to an empty catalogue.
 * `content` is only read, but gets a terminating zero behind its last byte, for which its limit must leave
 * room. False: `error` names the place in the file ("$.tracks.262.layouts[0].Id") and what was expected. */
bool game_data_read(
    struct buffer *content, struct catalogue *catalogue, char error[static GAME_DATA_ERROR_SIZE]);

#endif
