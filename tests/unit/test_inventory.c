#include "exporter/inventory.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"

/* root/{top,status.json,.hidden,link} and root/a/b/{one,two}, published as top, link, a/b/one and a/b/two. */
struct tree {
    char root[64];
    int fd;
    struct inventory inventory;
    const char *path; /* what does not stand */
};

static void put(const struct tree *tree, const char *name, const char *content)
{
    int fd = openat(tree->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(close(fd), 0);
}

static struct stat status_of(const struct tree *tree, const char *name)
{
    struct stat status;
    assert_int_equal(fstatat(tree->fd, name, &status, AT_SYMLINK_NOFOLLOW), 0);
    return status;
}

static void make_tree(struct tree *tree)
{
    static const char *const ours[] = {"top", "link", "a/b/one", "a/b/two"};
    unit_make_folder(tree->root);
    tree->fd = open(tree->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(tree->fd >= 0);
    assert_int_equal(mkdirat(tree->fd, "a", 0755), 0);
    assert_int_equal(mkdirat(tree->fd, "a/b", 0755), 0);
    assert_int_equal(symlinkat("a/b", tree->fd, "link"), 0);
    put(tree, "top", "top");
    put(tree, "status.json", "{}");
    put(tree, "a/b/one", "1");
    put(tree, "a/b/two", "2");
    tree->inventory = inventory_make();
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        struct stat status = status_of(tree, ours[i]);
        inventory_add(&tree->inventory, ours[i], &status, false);
    }
    inventory_add_folder(&tree->inventory, "a");
}

static void remove_tree(struct tree *tree)
{
    static const char *const names[] = {
        "top", "link", "a/b/one", "a/b/two", "a/b/three", "more", ".hidden", "status.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlinkat(tree->fd, names[i], 0);
    unlinkat(tree->fd, "a/b", AT_REMOVEDIR);
    unlinkat(tree->fd, "a/c", AT_REMOVEDIR);
    unlinkat(tree->fd, "a", AT_REMOVEDIR);
    close(tree->fd);
    inventory_free(&tree->inventory);
    unit_remove_folder(tree->root);
}

static bool stands(struct tree *tree)
{
    return inventory_stands(&tree->inventory, tree->fd, 2, &tree->path);
}

static void change_nothing(struct tree *tree)
{
    (void)tree;
}

static void change_status(struct tree *tree)
{
    put(tree, "status.json", "{\"changed\":true}");
    put(tree, ".hidden", "x");
}

static void remove_file(struct tree *tree)
{
    assert_int_equal(unlinkat(tree->fd, "a/b/two", 0), 0);
}

static void write_same_size(struct tree *tree)
{
    put(tree, "a/b/one", "x");
}

/* The size and the time of modification are those of before. */
static void write_and_put_time_back(struct tree *tree)
{
    struct stat before = status_of(tree, "top");
    put(tree, "top", "pot");
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    assert_int_equal(utimensat(tree->fd, "top", times, 0), 0);
}

static void cut_short(struct tree *tree)
{
    put(tree, "top", "");
}

static void replace_by_equal(struct tree *tree)
{
    put(tree, "more", "top");
    assert_int_equal(renameat(tree->fd, "more", tree->fd, "top"), 0);
}

static void replace_link(struct tree *tree)
{
    assert_int_equal(unlinkat(tree->fd, "link", 0), 0);
    assert_int_equal(symlinkat("a/b", tree->fd, "link"), 0);
}

static void add_to_folder(struct tree *tree)
{
    put(tree, "a/b/three", "3");
}

static void add_folder(struct tree *tree)
{
    assert_int_equal(mkdirat(tree->fd, "a/c", 0755), 0);
}

static void add_to_root(struct tree *tree)
{
    put(tree, "more", "m");
}

static void replace_folder_by_link(struct tree *tree)
{
    assert_int_equal(renameat(tree->fd, "a/b", tree->fd, "a/c"), 0);
    assert_int_equal(symlinkat("c", tree->fd, "a/b"), 0);
}

static void hide_folder(struct tree *tree)
{
    assert_int_equal(renameat(tree->fd, "a", tree->fd, "more"), 0);
}

static void show_folder(struct tree *tree)
{
    renameat(tree->fd, "more", tree->fd, "a");
}

static void unlink_folder_link(struct tree *tree)
{
    unlinkat(tree->fd, "a/b", 0);
    renameat(tree->fd, "a/c", tree->fd, "a/b");
}

static void test_what_is_noticed(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct tree *);
        const char *path; /* NULL: nothing is noticed */
        void (*back)(struct tree *);
    } cases[] = {
        {change_nothing, NULL, NULL},
        {change_status, NULL, NULL},
        {remove_file, "a/b/", NULL},
        {write_same_size, "a/b/one", NULL},
        {write_and_put_time_back, "top", NULL},
        {cut_short, "top", NULL},
        {replace_by_equal, "top", NULL},
        {replace_link, "link", NULL},
        {add_to_folder, "a/b/", NULL},
        {add_folder, "a/", NULL},
        {add_to_root, "", NULL},
        {replace_folder_by_link, "a/", unlink_folder_link},
        {hide_folder, "", show_folder},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tree tree;
        make_tree(&tree);
        assert_true(inventory_complete(&tree.inventory, tree.fd, 2, &tree.path));
        assert_true(stands(&tree));
        cases[i].change(&tree);
        assert_int_equal(stands(&tree), cases[i].path == NULL);
        if (cases[i].path)
            assert_string_equal(tree.path, cases[i].path);
        if (cases[i].back)
            cases[i].back(&tree);
        remove_tree(&tree);
    }
}

/* A file is put under another name first, and renamed; that changes its ctime. */
static void test_files_that_come_to_their_place(void **state)
{
    (void)state;
    struct tree tree;
    make_tree(&tree);
    put(&tree, "a/b/temporary", "3");
    struct stat status = status_of(&tree, "a/b/temporary");
    inventory_add(&tree.inventory, "a/b/three", &status, true);
    assert_int_equal(linkat(tree.fd, "top", tree.fd, "more", 0), 0);
    status = status_of(&tree, "top");
    inventory_unsettle(&tree.inventory, "top", &status);
    assert_int_equal(renameat(tree.fd, "a/b/temporary", tree.fd, "a/b/three"), 0);
    assert_true(inventory_complete(&tree.inventory, tree.fd, 2, &tree.path));
    assert_true(stands(&tree));
    put(&tree, "a/b/three", "4");
    assert_false(stands(&tree));
    assert_string_equal(tree.path, "a/b/three");
    remove_tree(&tree);
}

static void test_somebody_else_was_there_before_it_was_complete(void **state)
{
    (void)state;
    struct tree tree;
    make_tree(&tree);
    struct stat status = status_of(&tree, "top");
    inventory_add(&tree.inventory, "a/b/three", &status, true);
    assert_false(inventory_complete(&tree.inventory, tree.fd, 2, &tree.path));
    assert_string_equal(tree.path, "a/b/three");
    remove_tree(&tree);

    make_tree(&tree);
    status = status_of(&tree, "a/b/one");
    inventory_unsettle(&tree.inventory, "a/b/one", &status);
    put(&tree, "a/b/one", "longer");
    assert_false(inventory_complete(&tree.inventory, tree.fd, 2, &tree.path));
    assert_string_equal(tree.path, "a/b/one");
    remove_tree(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_noticed),
        cmocka_unit_test(test_files_that_come_to_their_place),
        cmocka_unit_test(test_somebody_else_was_there_before_it_was_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
