#include "exporter/sealed_file.h"

#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/file.h"
#include "common/log.h"
#include "common/record.h"

#define CHECKSUM_SIZE 8u
#define FILE_MODE     0644

static void checksum_of(const void *bytes, size_t length, uint8_t out[static CHECKSUM_SIZE])
{
    XXH64_canonical_t checksum;
    _Static_assert(sizeof checksum == CHECKSUM_SIZE, "the whole checksum");
    XXH64_canonicalFromHash(&checksum, record_checksum(bytes, length));
    memcpy(out, &checksum, CHECKSUM_SIZE);
}

void sealed_file_seal(struct buffer *bytes, size_t start)
{
    uint8_t checksum[CHECKSUM_SIZE];
    checksum_of(bytes->data + start, bytes->length - start, checksum);
    buffer_append(bytes, checksum, sizeof checksum);
}

bool sealed_file_open(const void *bytes, size_t length, struct pack_reader *body)
{
    uint8_t checksum[CHECKSUM_SIZE];
    if (length <= CHECKSUM_SIZE)
        return false;
    checksum_of(bytes, length - CHECKSUM_SIZE, checksum);
    *body = pack_reader_make(bytes, length - CHECKSUM_SIZE);
    return memcmp(checksum, (const uint8_t *)bytes + length - CHECKSUM_SIZE, CHECKSUM_SIZE) == 0;
}

bool sealed_file_read(
    const char *store, const char *name, struct buffer *out, char path[static PATH_MAX], const char *so)
{
    char error[FILE_ERROR_SIZE];
    if (!file_resolve(store, name, path, PATH_MAX) || access(path, F_OK) != 0)
        return false;
    if (file_read(path, out, error))
        return true;
    log_warn("%s; %s", error, so);
    return false;
}

bool sealed_file_write(
    const char *store, const char *name, const struct buffer *bytes, bool synced, const char *so)
{
    char path[PATH_MAX], error[FILE_ERROR_SIZE];
    if (!file_resolve(store, name, path, PATH_MAX) || bytes->overflowed) {
        log_warn("store %s: no room for %s; %s", store, name, so);
        return false;
    }
    file_sweep_temporary(path);
    bool written = synced ? file_write_atomic(path, bytes->data, bytes->length, FILE_MODE, error)
                          : file_write_unsynced(path, bytes->data, bytes->length, FILE_MODE, error);
    if (!written)
        log_warn("%s; everything is published, but %s", error, so);
    return written;
}
