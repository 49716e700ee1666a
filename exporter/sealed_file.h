#ifndef R3E_EXPORTER_SEALED_FILE_H
#define R3E_EXPORTER_SEALED_FILE_H
/* What a run keeps for the next one in the store's folder and can do without: a file with its own checksum
 * (record.h's, 8 big-endian bytes) behind the rest. Whatever is wrong with it is a warning, which ends with
 * what follows from that (`so`: "publishing without it"). */
#include <limits.h>
#include <stdbool.h>

#include "common/buffer.h"
#include "common/pack_reader.h"

/* Appends the checksum of what `bytes` has from `start` on. */
void sealed_file_seal(struct buffer *bytes, size_t start);

/* Opens what was sealed; false if its checksum is wrong. */
bool sealed_file_open(const void *bytes, size_t length, struct pack_reader *body);

/* Reads `name` into `out`, and tells its path. False: there is none, or none that can be read. */
bool sealed_file_read(
    const char *store, const char *name, struct buffer *out, char path[static PATH_MAX], const char *so);

/* Replaces `name` by these bytes, if they fitted into their buffer; `synced`: through a power cut too.
 * Removes what killed runs left of their attempts to. */
bool sealed_file_write(
    const char *store, const char *name, const struct buffer *bytes, bool synced, const char *so);

#endif
