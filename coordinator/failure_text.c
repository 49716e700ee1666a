#include "coordinator/failure_text.h"

#include <stdio.h>

#include "common/protocol.h"
#include "coordinator/quarantine.h"

#define GONE ": gone from the service; what was fetched before stays"

void failure_text(const struct plan_entry *entry, char out[static FAILURE_TEXT_SIZE])
{
    const char *reason = failure_string((enum failure)entry->last_failure);
    bool gone = (entry->last_http_status == 404 || entry->last_http_status == 410) && !entry->missing;
    int length;
    if (entry->quarantined)
        length = snprintf(out, FAILURE_TEXT_SIZE,
            "quarantined: %d workers died while they held it; r3ectl release %u-%u ends that sooner than a "
            "day",
            QUARANTINE_DEATHS, entry->track_id, entry->class_id);
    else if (entry->last_http_status)
        length = snprintf(
            out, FAILURE_TEXT_SIZE, "%s (HTTP %u)%s", reason, entry->last_http_status, gone ? GONE : "");
    else
        length = snprintf(out, FAILURE_TEXT_SIZE, "%s", reason);
    if (length < 0)
        out[0] = '\0';
}
