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
#include "common/version.h"
#include "exporter/program.h"
#include "exporter/sealed_file.h"

#define VERSION   1
#define PARTS     5u /* version, basis, figures, and the inventory's two */
#define BYTES_MAX ((size_t)256 * 1024 * 1024)
#define FIGURES   (sizeof(struct report) / sizeof(uint64_t)) /* in the order of the struct */

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

void manifest_encode(const struct manifest *manifest, struct buffer *out)
{
    uint64_t figures[FIGURES];
    memcpy(figures, &manifest->figures, sizeof figures);
    size_t start = out->length;
    msgpack_packer packer = pack_writer_make(out);
    pack_write_array(&packer, PARTS);
    pack_write_uint(&packer, VERSION);
    pack_write_bin(&packer, manifest->basis, MANIFEST_BASIS_SIZE);
    pack_write_array(&packer, FIGURES);
    for (size_t i = 0; i < FIGURES; i++)
        pack_write_uint(&packer, figures[i]);
    inventory_write(&manifest->inventory, &packer);
    sealed_file_seal(out, start);
}

bool manifest_decode(struct manifest *manifest, const void *bytes, size_t length)
{
    struct pack_reader pack;
    *manifest = (struct manifest){.inventory = inventory_make()};
    if (!sealed_file_open(bytes, length, &pack) || pack_read_array(&pack, PARTS) != PARTS ||
        pack_read_uint(&pack, VERSION) != VERSION)
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

bool manifest_load(struct manifest *manifest, const char *store)
{
    static const char so[] = "publishing without it";
    char path[PATH_MAX];
    struct buffer bytes = buffer_make(BYTES_MAX);
    *manifest = (struct manifest){.inventory = inventory_make()};
    bool loaded = false;
    if (sealed_file_read(store, MANIFEST_NAME, &bytes, path, so) &&
        !(loaded = manifest_decode(manifest, bytes.data, bytes.length)))
        log_warn("%s: broken or of another version; %s", path, so);
    buffer_free(&bytes);
    return loaded;
}

bool manifest_save(const struct manifest *manifest, const char *store)
{
    struct buffer bytes = buffer_make(BYTES_MAX);
    manifest_encode(manifest, &bytes);
    bool saved = sealed_file_write(store, MANIFEST_NAME, &bytes, true, "the next export compares every file");
    buffer_free(&bytes);
    return saved;
}

void manifest_remove(const char *store)
{
    char path[PATH_MAX];
    if (file_resolve(store, MANIFEST_NAME, path, sizeof path) && unlink(path) != 0 && errno != ENOENT)
        log_warn("cannot remove %s: %s", path, strerror(errno));
}
