#ifndef R3E_COORDINATOR_CTL_MATCHES_H
#define R3E_COORDINATOR_CTL_MATCHES_H
/* The drivers that a search found: the best of them, and of each the best entries. Bounded whatever the
 * search: `driver_limit` drivers by `limit` entries. */
#include <stdbool.h>
#include <stdint.h>

#include "common/pack_reader.h"
#include "coordinator/ctl/fold.h"

#define MATCHES_KEPT      50 /* drivers, at most */
#define MATCHES_LIMIT_MAX 500

struct match_entry {
    uint32_t position;      /* from 1 */
    uint32_t total_entries; /* of its leaderboard */
    char *json;             /* owned; one object as published */
};

struct match {
    enum fold_match quality;
    char *key;                   /* owned; as in the index */
    uint32_t entry_count;        /* all there are */
    struct match_entry *entries; /* owned; best first: by position, then by the size of the leaderboard */
    uint32_t kept;
};

struct matches {
    struct match drivers[MATCHES_KEPT]; /* best first: by quality, then by entries, then as in the index */
    uint32_t kept;
    uint64_t found;        /* drivers, kept or not */
    uint32_t driver_limit; /* drivers kept */
    uint32_t limit;        /* entries kept of each */
    struct match under;    /* the driver being read */
};

/* `driver_limit` from 1 to MATCHES_KEPT, `limit` from 1 to MATCHES_LIMIT_MAX. Release with matches_free. */
struct matches matches_make(uint32_t driver_limit, uint32_t limit);
void matches_free(struct matches *matches);

/* One driver: begin, its entries, end. */
void matches_begin(struct matches *matches, struct text key, enum fold_match quality);
void matches_entry(struct matches *matches, struct text json);
void matches_end(struct matches *matches);

#endif
