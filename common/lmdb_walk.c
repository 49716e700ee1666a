#include "common/lmdb_walk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define DEPTH_MAX     32u /* LMDB's CURSOR_STACK */
#define PROBLEMS_TOLD 1000u
#define NAME_SIZE     64
#define FREE_LIST_MAX ((size_t)256 * 1024 * 1024)

enum tree_kind { TREE_FREE, TREE_MAIN, TREE_NAMED }; /* list of free pages, of databases, a database */

/* What one tree is walked with. */
struct tree {
    enum tree_kind kind;
    const char *name;
    struct lmdb_tree claims;
    struct lmdb_tree found;      /* counts */
    uint8_t bound[LMDB_KEY_MAX]; /* the next key must be above this … */
    uint32_t bound_length;
    bool bounded, may_equal; /* … or equal: the bound is a separator */
};

struct walk {
    const struct lmdb_file *file;
    const struct lmdb_meta *meta;
    const struct lmdb_walk_events *events;
    uint8_t *taken;                /* a bit for each page up to the last: used, or free */
    uint8_t *pages[DEPTH_MAX + 1]; /* the page at each depth of the walk; +1: of the tree above */
    uint64_t problems;
    struct buffer list; /* a list of free pages */
};

static void report(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void report(struct walk *walk, const char *format, ...)
{
    char text[300];
    walk->problems++;
    if (!walk->events->problem || walk->problems > PROBLEMS_TOLD)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    walk->events->problem(walk->events->context, text);
}

/* False (and reported) if the page is no page or was taken before. */
static bool take_page(struct walk *walk, uint64_t page, const char *name)
{
    if (page < 2 || page > walk->meta->last_page) {
        report(walk, "%s: page %" PRIu64 " does not exist", name, page);
        return false;
    }
    uint8_t bit = (uint8_t)(1u << page % 8);
    if (walk->taken[page / 8] & bit) {
        report(walk, "%s: page %" PRIu64 " is used twice", name, page);
        return false;
    }
    walk->taken[page / 8] |= bit;
    return true;
}

/* ---- keys ---- */

static int compare_keys(const struct tree *tree, const uint8_t *key, uint32_t length)
{
    if (tree->kind == TREE_FREE && length == sizeof(uint64_t) && tree->bound_length == sizeof(uint64_t)) {
        uint64_t left, right;
        memcpy(&left, key, sizeof left);
        memcpy(&right, tree->bound, sizeof right);
        return (left > right) - (left < right);
    }
    uint32_t shorter = length < tree->bound_length ? length : tree->bound_length;
    int order = memcmp(key, tree->bound, shorter);
    return order ? order : (length > tree->bound_length) - (length < tree->bound_length);
}

/* False if the key is not above what came before it. */
static bool pass_key(struct tree *tree, const struct lmdb_node *node, bool is_separator)
{
    int order = tree->bounded ? compare_keys(tree, node->key, node->key_length) : 1;
    bool right = order > 0 || (order == 0 && tree->may_equal && !is_separator);
    memcpy(tree->bound, node->key, node->key_length);
    tree->bound_length = node->key_length;
    tree->bounded = true;
    tree->may_equal = is_separator;
    return right;
}

/* ---- values ---- */

/* A value on pages of its own: finds its place, takes its pages. */
static bool take_run(
    struct walk *walk, struct tree *tree, const struct lmdb_node *node, struct lmdb_place *place)
{
    uint64_t first = lmdb_node_big(node), page_size = walk->file->page_size;
    uint64_t count = (LMDB_PAGE_HEADER + (uint64_t)node->length + page_size - 1) / page_size;
    uint8_t header[LMDB_PAGE_HEADER];
    bool there = first < walk->file->pages && count <= walk->file->pages - first &&
                 lmdb_file_read_header(walk->file, first, header);
    if (!there || lmdb_page_number(header) != first || lmdb_page_flags(header) != LMDB_OVERFLOW ||
        lmdb_page_run(header) != count) {
        report(walk, "%s: the pages of a value of %" PRIu32 " bytes, from page %" PRIu64 ", %s", tree->name,
            node->length, first, there ? "are not its own" : "are not all in the file");
        return false;
    }
    tree->found.overflow_pages += count;
    *place = (struct lmdb_place){first * page_size + LMDB_PAGE_HEADER, node->length};
    for (uint64_t i = 0; i < count; i++)
        if (!take_page(walk, first + i, tree->name))
            return false;
    return true;
}

static void walk_tree(struct walk *walk, struct tree *tree);

/* A node of the main tree: the descriptor of a database. */
static void walk_named(struct walk *walk, const struct lmdb_node *node)
{
    char name[NAME_SIZE];
    if (!(node->flags & LMDB_SUB) || node->length != LMDB_TREE_SIZE || node->key_length >= sizeof name) {
        report(walk, "main: a node that is no database");
        return;
    }
    memcpy(name, node->key, node->key_length);
    name[node->key_length] = 0;
    struct tree tree = {.kind = TREE_NAMED, .name = name, .claims = lmdb_tree_read(node->data)};
    if (tree.claims.flags)
        report(walk, "%s: a database with flags that we never use", name);
    else
        walk_tree(walk, &tree);
}

static void take_free_pages(struct walk *walk, struct tree *tree, struct lmdb_place place)
{
    buffer_clear(&walk->list);
    const char *problem = NULL;
    uint64_t count = 0, before = UINT64_MAX, page;
    if (place.length < sizeof count || place.length % sizeof count ||
        !lmdb_file_read(walk->file, place, &walk->list))
        problem = "a list of free pages cannot be read";
    else
        memcpy(&count, walk->list.data, sizeof count);
    if (!problem && count > place.length / sizeof count - 1)
        problem = "a list of free pages is longer than its record";
    for (uint64_t i = 1; !problem && i <= count; i++) {
        memcpy(&page, walk->list.data + i * sizeof page, sizeof page);
        if (page >= before)
            problem = "a list of free pages is not in order";
        else if (!take_page(walk, page, tree->name))
            return;
        before = page;
    }
    if (problem)
        report(walk, "%s: %s", tree->name, problem);
}

/* ---- trees ---- */

static void walk_leaf(
    struct walk *walk, struct tree *tree, const uint8_t *page, uint64_t number, unsigned count)
{
    tree->found.leaf_pages++;
    for (unsigned i = 0; i < count; i++) {
        struct lmdb_node node;
        uint32_t at = lmdb_page_node_at(page, i);
        lmdb_node_read(page, walk->file->page_size, at, true, &node);
        tree->found.entries++;
        if (!pass_key(tree, &node, false))
            report(walk, "%s: keys on page %" PRIu64 " are not in order", tree->name, number);
        struct lmdb_place place = {
            number * walk->file->page_size + (uint64_t)(node.data - page), node.length};
        if (node.flags & LMDB_BIG && !take_run(walk, tree, &node, &place))
            continue;
        if (tree->kind == TREE_FREE)
            take_free_pages(walk, tree, place);
        else if (tree->kind == TREE_MAIN)
            walk_named(walk, &node);
        else if (walk->events->entry)
            walk->events->entry(
                walk->events->context, &(struct lmdb_entry){tree->name, node.key, node.key_length, place});
    }
}

static void walk_page(struct walk *walk, struct tree *tree, uint64_t number, unsigned depth, unsigned place)
{
    uint8_t *page = walk->pages[place];
    const char *problem = "it cannot be read or lies beyond the end of the file";
    if (!take_page(walk, number, tree->name))
        return;
    unsigned count = 0;
    if (lmdb_file_read_page(walk->file, number, page))
        count = lmdb_page_check(page, walk->file->page_size, number, &problem);
    bool is_leaf = count && lmdb_page_flags(page) == LMDB_LEAF;
    if (count && is_leaf != (depth == tree->claims.depth)) {
        problem = "it is not as deep in its tree as it should be";
        count = 0;
    }
    if (!count) {
        report(walk, "%s: page %" PRIu64 ": %s", tree->name, number, problem);
        return;
    }
    if (is_leaf) {
        walk_leaf(walk, tree, page, number, count);
        return;
    }
    tree->found.branch_pages++;
    for (unsigned i = 0; i < count; i++) {
        struct lmdb_node node;
        lmdb_node_read(page, walk->file->page_size, lmdb_page_node_at(page, i), false, &node);
        if (i > 0 && !pass_key(tree, &node, true))
            report(walk, "%s: keys on page %" PRIu64 " are not in order", tree->name, number);
        walk_page(walk, tree, node.child, depth + 1, place + 1);
    }
}

static bool counts_differ(const struct lmdb_tree *left, const struct lmdb_tree *right)
{
    return left->branch_pages != right->branch_pages || left->leaf_pages != right->leaf_pages ||
           left->overflow_pages != right->overflow_pages || left->entries != right->entries;
}

/* The pages of the main tree come first in `pages`, behind them those of the tree below it. */
static void walk_tree(struct walk *walk, struct tree *tree)
{
    unsigned place = tree->kind == TREE_NAMED ? walk->meta->main.depth : 0;
    if (tree->claims.root != LMDB_NO_PAGE) {
        if (tree->claims.depth == 0 || tree->claims.depth + place > DEPTH_MAX) {
            report(walk, "%s: a tree that is %u pages deep", tree->name, tree->claims.depth);
            return;
        }
        walk_page(walk, tree, tree->claims.root, 1, place);
    }
    if (counts_differ(&tree->claims, &tree->found))
        report(walk, "%s: it has other numbers of pages and entries than its descriptor says", tree->name);
}

/* Pages that were taken and given back in one transaction may lie beyond the end; then they are free. */
static void check_end(struct walk *walk)
{
    for (uint64_t page = walk->file->pages; page <= walk->meta->last_page; page++)
        if (!(walk->taken[page / 8] & 1u << page % 8)) {
            report(walk, "the file ends at page %" PRIu64 ", but it has been written up to page %" PRIu64,
                walk->file->pages, walk->meta->last_page);
            return;
        }
}

uint64_t lmdb_walk(
    const struct lmdb_file *file, const struct lmdb_meta *meta, const struct lmdb_walk_events *events)
{
    struct walk walk = {.file = file, .meta = meta, .events = events, .list = buffer_make(FREE_LIST_MAX)};
    /* A number far beyond the file is one that was flipped; its bits would not fit into memory. */
    if (meta->last_page > 2 * file->pages + 65536) {
        report(&walk, "the file has %" PRIu64 " pages, but it says %" PRIu64, file->pages, meta->last_page);
        return walk.problems;
    }
    walk.taken = memory_zalloc(meta->last_page / 8 + 1, 1);
    for (unsigned i = 0; i <= DEPTH_MAX; i++)
        walk.pages[i] = memory_zalloc(1, file->page_size);
    struct tree trees[] = {{.kind = TREE_FREE, .name = "free pages", .claims = meta->free},
        {.kind = TREE_MAIN, .name = "main", .claims = meta->main}};
    for (unsigned i = 0; i < 2; i++)
        walk_tree(&walk, &trees[i]);
    check_end(&walk);
    for (unsigned i = 0; i <= DEPTH_MAX; i++)
        free(walk.pages[i]);
    free(walk.taken);
    buffer_free(&walk.list);
    return walk.problems;
}
