#ifndef R3E_COORDINATOR_POLITENESS_STORE_H
#define R3E_COORDINATOR_POLITENESS_STORE_H
/* Politeness between two lives of the coordinator: its state in the store's meta data. */
#include "common/config.h"
#include "coordinator/politeness.h"
#include "coordinator/store.h"

/* What is configured. */
struct politeness_options politeness_store_options(const struct config *config);

/* Opens politeness as configured, and as an earlier process left it. A state that cannot be read is logged
 * and halves the rate. `holds` is borrowed for its life. */
struct politeness *politeness_store_open(
    const struct config *config, struct store *store, struct holds *holds, int64_t now_ms);

/* Puts its state into the open batch if there is something new. True: there was; hand the batch over soon. */
bool politeness_store_keep(struct politeness *politeness, struct store *store, int64_t now_ms);

#endif
