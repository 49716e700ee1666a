#include "common/lmdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && sizeof(size_t) == 8,
    "numbers in the file are those of the machine that wrote it: 64 bits, little-endian");

/* Offsets in a meta page, behind the page header. */
enum {
    META_MAGIC = 16,
    META_VERSION = 20,
    META_PAGE_SIZE = 40, /* md_pad of the first descriptor */
    META_FREE = 40,
    META_MAIN = 88,
    META_LAST_PAGE = 136,
    META_TRANSACTION = 144,
    META_BYTES = 152
};

#define MAGIC        0xBEEFC0DEu
#define VERSION      1u
#define INTEGER_KEYS 0x08u

static uint16_t get16(const uint8_t *bytes)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint32_t get32(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint64_t get64(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* ---- meta pages ---- */

static bool is_page_size(uint32_t size)
{
    return size >= LMDB_PAGE_MIN && size <= LMDB_PAGE_MAX && (size & (size - 1)) == 0;
}

struct lmdb_tree lmdb_tree_read(const uint8_t *bytes)
{
    return (struct lmdb_tree){.flags = get16(bytes + 4),
        .depth = get16(bytes + 6),
        .branch_pages = get64(bytes + 8),
        .leaf_pages = get64(bytes + 16),
        .overflow_pages = get64(bytes + 24),
        .entries = get64(bytes + 32),
        .root = get64(bytes + 40)};
}

/* Looks for a meta page at `offset`, which is page `number` if pages have the size that it says. */
static void read_meta(struct lmdb_file *file, unsigned number, uint64_t offset)
{
    uint8_t bytes[META_BYTES];
    if (!file_read_at(file->fd, bytes, sizeof bytes, offset) || get32(bytes + META_MAGIC) != MAGIC)
        return;
    file->is_lmdb = true;
    uint32_t page_size = get32(bytes + META_PAGE_SIZE);
    if (get32(bytes + META_VERSION) != VERSION || !is_page_size(page_size) || number * page_size != offset ||
        lmdb_page_number(bytes) != number || lmdb_page_flags(bytes) != LMDB_META)
        return;
    struct lmdb_meta meta = {.free = lmdb_tree_read(bytes + META_FREE),
        .main = lmdb_tree_read(bytes + META_MAIN),
        .last_page = get64(bytes + META_LAST_PAGE),
        .transaction = get64(bytes + META_TRANSACTION),
        .page = number};
    /* Transaction n writes page n mod 2; a new file has 0 on both. */
    bool in_turn = meta.transaction == 0 || meta.transaction % 2 == number;
    if (!in_turn || !(meta.free.flags & INTEGER_KEYS) || (file->page_size && file->page_size != page_size))
        return;
    file->page_size = page_size;
    file->metas[file->meta_count++] = meta;
}

/* The second meta page stands where the first says that pages end, or, without a first, where one of the
 * possible sizes puts it. */
static void read_metas(struct lmdb_file *file)
{
    read_meta(file, 0, 0);
    if (file->page_size)
        read_meta(file, 1, file->page_size);
    for (uint32_t size = LMDB_PAGE_MIN; !file->page_size && size <= LMDB_PAGE_MAX; size *= 2)
        read_meta(file, 1, size);
    if (file->meta_count == 2 && file->metas[1].transaction > file->metas[0].transaction) {
        struct lmdb_meta newer = file->metas[1];
        file->metas[1] = file->metas[0];
        file->metas[0] = newer;
    }
}

bool lmdb_file_open(struct lmdb_file *file, const char *path, char error[static LMDB_ERROR_SIZE])
{
    struct stat status;
    *file = (struct lmdb_file){.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (file->fd < 0 || fstat(file->fd, &status) != 0) {
        snprintf(error, LMDB_ERROR_SIZE, "cannot read %.250s: %s", path, strerror(errno));
        lmdb_file_close(file);
        return false;
    }
    read_metas(file);
    if (!file->page_size)
        file->page_size = (uint32_t)sysconf(_SC_PAGESIZE); /* what LMDB takes for a new file */
    file->bytes = (uint64_t)status.st_size;
    file->pages = file->bytes / file->page_size;
    return true;
}

void lmdb_file_close(struct lmdb_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

const char *lmdb_file_problem(const struct lmdb_file *file)
{
    if (!file->is_lmdb)
        return "neither of its first two pages is an LMDB meta page";
    if (file->meta_count < 2)
        return file->meta_count ? "one of its two meta pages is broken" : "both of its meta pages are broken";
    uint64_t newer = file->metas[0].transaction, older = file->metas[1].transaction;
    return newer - older <= 1 ? NULL : "its meta pages do not follow each other";
}

/* ---- pages ---- */

bool lmdb_file_read_page(const struct lmdb_file *file, uint64_t page, uint8_t *out)
{
    return page < file->pages && file_read_at(file->fd, out, file->page_size, page * file->page_size);
}

bool lmdb_file_read_header(const struct lmdb_file *file, uint64_t page, uint8_t out[static LMDB_PAGE_HEADER])
{
    return page < file->pages && file_read_at(file->fd, out, LMDB_PAGE_HEADER, page * file->page_size);
}

bool lmdb_file_read_rest(const struct lmdb_file *file, uint64_t page, uint8_t *out)
{
    if (page < file->pages)
        return lmdb_file_read_page(file, page, out);
    memset(out, 0, file->page_size);
    return page == file->pages &&
           file_read_at(file->fd, out, file->bytes % file->page_size, page * file->page_size);
}

bool lmdb_file_read(const struct lmdb_file *file, struct lmdb_place place, struct buffer *out)
{
    uint8_t *room = buffer_reserve(out, place.length);
    if (!room || !file_read_at(file->fd, room, place.length, place.offset))
        return false;
    out->length += place.length;
    return true;
}

uint64_t lmdb_page_number(const uint8_t *page)
{
    return get64(page);
}

unsigned lmdb_page_flags(const uint8_t *page)
{
    return get16(page + 10);
}

uint32_t lmdb_page_run(const uint8_t *page)
{
    return get32(page + 12);
}

uint32_t lmdb_page_node_at(const uint8_t *page, unsigned index)
{
    return get16(page + LMDB_PAGE_HEADER + (size_t)2 * index);
}

bool lmdb_node_read(
    const uint8_t *page, uint32_t page_size, uint32_t at, bool is_leaf, struct lmdb_node *node)
{
    if (at > page_size - LMDB_NODE_HEADER)
        return false;
    const uint8_t *bytes = page + at;
    uint32_t low = get16(bytes), high = get16(bytes + 2), room = page_size - at - LMDB_NODE_HEADER;
    *node = (struct lmdb_node){.flags = get16(bytes + 4),
        .key = bytes + LMDB_NODE_HEADER,
        .key_length = get16(bytes + 6),
        .length = low | high << 16};
    if (node->key_length > LMDB_KEY_MAX || node->key_length > room)
        return false;
    uint32_t held = 0;
    if (is_leaf) {
        held = node->flags & LMDB_BIG ? (uint32_t)sizeof(uint64_t) : node->length;
        node->data = node->key + node->key_length;
    } else {
        node->child = low | (uint64_t)high << 16 | (uint64_t)node->flags << 32;
        node->flags = 0;
    }
    if (held > room - node->key_length)
        return false;
    node->size = (LMDB_NODE_HEADER + node->key_length + held + 1) & ~1u;
    return true;
}

uint64_t lmdb_node_big(const struct lmdb_node *node)
{
    return get64(node->data);
}

/* Nodes are packed against the end of the page: what they take together must be what the header says. */
static const char *check_nodes(
    const uint8_t *page, uint32_t page_size, unsigned count, uint32_t upper, bool is_leaf)
{
    uint32_t taken = 0;
    for (unsigned i = 0; i < count; i++) {
        struct lmdb_node node;
        uint32_t at = lmdb_page_node_at(page, i);
        if (at < upper || !lmdb_node_read(page, page_size, at, is_leaf, &node))
            return "a node reaches beyond its page";
        if (is_leaf && (node.flags & ~(unsigned)(LMDB_BIG | LMDB_SUB)))
            return "a node has flags that we never use";
        if (node.key_length == 0 && (is_leaf || i > 0))
            return "a node has no key";
        taken += node.size;
    }
    return taken == page_size - upper ? NULL : "its nodes overlap or leave gaps";
}

unsigned lmdb_page_check(const uint8_t *page, uint32_t page_size, uint64_t number, const char **problem)
{
    unsigned flags = lmdb_page_flags(page);
    uint32_t lower = get16(page + 12), upper = get16(page + 14);
    if (lmdb_page_number(page) != number)
        *problem = "it has the number of another page";
    else if (flags != LMDB_LEAF && flags != LMDB_BRANCH)
        *problem = "it is neither branch nor leaf";
    else if (lower < LMDB_PAGE_HEADER || lower % 2 || lower > upper || upper > page_size)
        *problem = "its header is broken";
    else if (lower < LMDB_PAGE_HEADER + (flags == LMDB_BRANCH ? 4 : 2))
        *problem = "it has too few nodes";
    else
        *problem = check_nodes(page, page_size, (lower - LMDB_PAGE_HEADER) / 2, upper, flags == LMDB_LEAF);
    return *problem ? 0 : (lower - LMDB_PAGE_HEADER) / 2;
}
