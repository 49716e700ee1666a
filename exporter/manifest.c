#include "exporter/manifest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/file.h"
#include "common/log.h"
#include "common/record.h"
#include "common/version.h"
#include "exporter/program.h"

#define VERSION       1
#define PARTS         5u /* version, basis, figures, and the inventory's two */
#define CHECKSUM_SIZE 8u
#define BYTES_MAX     ((size_t)256 * 1024 * 1024)
#define FIGURES       (sizeof(struct report) / sizeof(uint64_t)) /* in the order of the struct */

void manifest_free(struct manifest *manifest)
{
    inventory_free(&manifest->inventory);
}

/* ---- the basis ---- */

/* Without gaps, for it is hashed as it lies in memory. */
struct basis {
    uint64_t version, layouts;
    uint64_t
        program[PROGRAM_NUMBERS]; /* one built anew may write other bytes without having another version */
    char release[32];
    uint8_t content[SNAPSHOT_CONTENT_SIZE];
};

void manifest_basis(const uint8_t content[static SNAPSHOT_CONTENT_SIZE], unsigned layouts,
    uint8_t basis[static MANIFEST_BASIS_SIZE])
{
    struct basis all = {.version = VERSION, .layouts = layouts, .release = R3E_VERSION};
    XXH128_canonical_t hash;
    _Static_assert(sizeof all == 5 * sizeof(uint64_t) + 32 + SNAPSHOT_CONTENT_SIZE, "no gaps");
    _Static_assert(sizeof hash == MANIFEST_BASIS_SIZE, "the whole hash");
    program_identify(all.program);
    memcpy(all.content, content, sizeof all.content);
    XXH128_canonicalFromHash(&hash, XXH3_128bits(&all, sizeof all));
    memcpy(basis, &hash, sizeof hash);
}

/* ---- bytes ---- */

static void checksum_of(const void *bytes, size_t length, uint8_t out[static CHECKSUM_SIZE])
{
    XXH64_canonical_t checksum;
    XXH64_canonicalFromHash(&checksum, record_checksum(bytes, length));
    memcpy(out, &checksum, CHECKSUM_SIZE);
}

void manifest_encode(const struct manifest *manifest, struct buffer *out)
{
    uint64_t figures[FIGURES];
    memcpy(figures, &manifest->figures, sizeof figures);
    uint8_t checksum[CHECKSUM_SIZE];
    size_t start = out->length;
    msgpack_packer packer = pack_writer_make(out);
    pack_write_array(&packer, PARTS);
    pack_write_uint(&packer, VERSION);
    pack_write_bin(&packer, manifest->basis, MANIFEST_BASIS_SIZE);
    pack_write_array(&packer, FIGURES);
    for (size_t i = 0; i < FIGURES; i++)
        pack_write_uint(&packer, figures[i]);
    inventory_write(&manifest->inventory, &packer);
    checksum_of(out->data + start, out->length - start, checksum);
    buffer_append(out, checksum, sizeof checksum);
}

bool manifest_decode(struct manifest *manifest, const void *bytes, size_t length)
{
    uint8_t checksum[CHECKSUM_SIZE];
    *manifest = (struct manifest){.inventory = inventory_make()};
    if (length <= CHECKSUM_SIZE)
        return false;
    size_t body = length - CHECKSUM_SIZE;
    checksum_of(bytes, body, checksum);
    if (memcmp(checksum, (const uint8_t *)bytes + body, sizeof checksum) != 0)
        return false;
    struct pack_reader pack = pack_reader_make(bytes, body);
    if (pack_read_array(&pack, PARTS) != PARTS || pack_read_uint(&pack, VERSION) != VERSION)
        return false;
    pack_read_bin(&pack, manifest->basis, MANIFEST_BASIS_SIZE);
    if (pack_read_array(&pack, FIGURES) != FIGURES)
        return false;
    uint64_t figures[FIGURES] = {0};
    for (size_t i = 0; i < FIGURES; i++)
        figures[i] = pack_read_uint(&pack, UINT64_MAX);
    memcpy(&manifest->figures, figures, sizeof figures);
    inventory_read(&manifest->inventory, &pack);
    return pack_reader_finished(&pack);
}

/* ---- the file ---- */

static bool path_of(const char *store, char out[static PATH_MAX])
{
    return file_resolve(store, MANIFEST_NAME, out, PATH_MAX);
}

bool manifest_load(struct manifest *manifest, const char *store)
{
    char path[PATH_MAX], error[FILE_ERROR_SIZE];
    struct buffer bytes = buffer_make(BYTES_MAX);
    *manifest = (struct manifest){.inventory = inventory_make()};
    bool loaded = false;
    if (path_of(store, path) && access(path, F_OK) == 0) {
        if (!file_read(path, &bytes, error))
            log_warn("%s; publishing without it", error);
        else if (!(loaded = manifest_decode(manifest, bytes.data, bytes.length)))
            log_warn("%s: broken or of another version; publishing without it", path);
    }
    buffer_free(&bytes);
    return loaded;
}

bool manifest_save(const struct manifest *manifest, const char *store)
{
    char path[PATH_MAX], error[FILE_ERROR_SIZE];
    struct buffer bytes = buffer_make(BYTES_MAX);
    manifest_encode(manifest, &bytes);
    bool saved = false;
    if (!path_of(store, path) || bytes.overflowed) {
        log_warn("store %s: no room for %s; the next export compares every file", store, MANIFEST_NAME);
    } else {
        file_sweep_temporary(path);
        saved = file_write_atomic(path, bytes.data, bytes.length, 0644, error);
        if (!saved)
            log_warn("%s; everything is published, but the next export compares every file", error);
    }
    buffer_free(&bytes);
    return saved;
}

void manifest_remove(const char *store)
{
    char path[PATH_MAX];
    if (path_of(store, path) && unlink(path) != 0 && errno != ENOENT)
        log_warn("cannot remove %s: %s", path, strerror(errno));
}
