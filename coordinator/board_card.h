#ifndef R3E_COORDINATOR_BOARD_CARD_H
#define R3E_COORDINATOR_BOARD_CARD_H
/* All that is known of one combination, as one JSON object (PROTOCOL.md, command `board`). Pure. */
#include "common/json_writer.h"
#include "common/record.h"
#include "coordinator/why.h"

struct board_card {
    const struct why_facts *facts;
    const struct record_board *record; /* NULL: the store has none */
};

void board_card_write(const struct board_card *card, struct json_writer *json);

#endif
