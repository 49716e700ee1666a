#ifndef R3E_COMMON_BOARD_CHECK_H
#define R3E_COMMON_BOARD_CHECK_H
/* Whether rows and detail of a board are what its record says: for the exporter, which publishes nothing
 * else, and for `r3ectl check`. */
#include <stdint.h>

#include "common/pack_reader.h"

/* What the record says (record.h). */
struct board_claims {
    uint32_t entry_count;
    uint64_t rows_checksum, detail_checksum;
};

/* NULL if all is well, else what is wrong, a constant string. Looks at checksums and the format of the rows.
 */
const char *board_check(const struct board_claims *claims, struct text rows, struct text detail);

/* Unpacks the detail and compares it with the CRC and the length it carries. NULL if all is well. */
const char *board_check_detail(struct text detail);

#endif
