#ifndef R3E_EXPORTER_MANIFEST_H
#define R3E_EXPORTER_MANIFEST_H
/* What the last successful run published and from what, so that the next one can tell in a fraction of the
 * time that there is nothing to do.
 *
 * A file MANIFEST_NAME in the store's folder; the one thing an exporter writes there. It may be deleted at
 * any time and is never trusted: its own checksum must be right, its basis must be that of this run, and then
 * each file it names is looked at (inventory.h). Whatever fails means a run as if there were none. So it does
 * not matter when a run is killed: a manifest that is older than the files does not fit them, and is not
 * believed.
 *
 * The basis is a hash of all that a run's output follows from: what the boards' records say of their content
 * (snapshot.h), the catalogue, the layouts, and the program itself. Not the store's generation, which grows
 * with every commit, nor which store it is: another store with the same content gives the same files.
 *
 * Values (rows, details) are not read to find the basis, only the records, each of which is checked. That is
 * enough: the files were made from values that had these checksums when they were made. A value that broke
 * since would be left out of a new index; what is published is still whole, so it is left as it is. (`r3ectl
 * check` reads the values.) A run that found something broken leaves no manifest, so that it is tried again.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "exporter/inventory.h"
#include "exporter/report.h"
#include "exporter/snapshot.h"

#define MANIFEST_NAME       "export.manifest"
#define MANIFEST_BASIS_SIZE 16

struct manifest {
    uint8_t basis[MANIFEST_BASIS_SIZE];
    struct report figures; /* of the run that published; only what is not about the run itself is of use */
    struct inventory inventory;
};

/* Makes `basis` from a snapshot's hash of content, the layouts and the program that runs. */
void manifest_basis(const uint8_t content[static SNAPSHOT_CONTENT_SIZE], unsigned layouts,
    uint8_t basis[static MANIFEST_BASIS_SIZE]);

/* Reads the manifest in the store's folder; false where there is none, or (with a warning) none that can be
 * used. `manifest` is to be freed in any case. */
bool manifest_load(struct manifest *manifest, const char *store);

/* Replaces it; false, with a warning, if it cannot be written. Removes what killed runs left of their
 * attempts to. */
bool manifest_save(const struct manifest *manifest, const char *store);

/* Removes it, if there is one. */
void manifest_remove(const char *store);

void manifest_free(struct manifest *manifest);

/* The file's bytes: MessagePack [version, basis, figures, inventory…] and, behind it, XXH64 of that as 8
 * big-endian bytes. Decoding fails on anything that encoding does not produce. */
void manifest_encode(const struct manifest *manifest, struct buffer *out);
bool manifest_decode(struct manifest *manifest, const void *bytes, size_t length);

#endif
