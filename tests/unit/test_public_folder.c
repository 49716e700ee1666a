/* The same table with openat2 and with path_walk: what is inside is found, nothing else is. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "exporter/httpd/public_folder.h"

struct tree {
    char root[64];
    char public[128];
};

static const struct {
    const char *path;
    const char *content; /* NULL: nothing is to be had */
} cases[] = {
    {"a.json", "inside"},
    {"cache/b.json", "deeper"},
    {"cache//b.json", "deeper"},
    {"cache/./b.json", "deeper"},
    {"cache/../a.json", "inside"},
    {"link.json", "inside"},
    {"cache/track_1/b.json", "track"}, /* a link to a folder beside it, as the older path to details is */
    {"cache/up.json", "inside"},
    {"cache/tracks/track_1/two_up.json", "inside"},
    {"chain.json", "inside"},
    {"roundabout.json", "deeper"},
    {"", NULL},
    {".", NULL},
    {"..", NULL},
    {"cache", NULL},
    {"cache/", NULL},
    {"a.json/", NULL},
    {"a.json/x", NULL},
    {"link.json/", NULL},
    {"nothing.json", NULL},
    {"cache/nothing/b.json", NULL},
    {"../secret.json", NULL},
    {"cache/../../secret.json", NULL},
    {"../public/a.json", NULL},
    {"climbing.json", NULL},
    {"absolute.json", NULL},
    {"absolute_inside.json", NULL},
    {"out/secret.json", NULL},
    {"out/public/a.json", NULL},
    {"proc/etc/passwd", NULL},
    {"loop.json", NULL},
    {"loop_a/x", NULL},
    {"dangling.json", NULL},
    {"to_folder", NULL},
    {"pipe.json", NULL},
};

static void write_file(const struct tree *tree, const char *name, const char *content)
{
    char path[128];
    unit_write_file(tree->public, name, content, path);
}

static void link_to(const struct tree *tree, const char *name, const char *target)
{
    char path[256];
    assert_true(snprintf(path, sizeof path, "%s/%s", tree->public, name) < (int)sizeof path);
    assert_int_equal(symlink(target, path), 0);
}

static void make_folder(const struct tree *tree, const char *name)
{
    char path[256];
    assert_true(snprintf(path, sizeof path, "%s/%s", tree->public, name) < (int)sizeof path);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void make_tree(struct tree *tree)
{
    char path[256];
    unit_make_folder(tree->root);
    unit_write_file(tree->root, "secret.json", "SECRET", path);
    assert_true(snprintf(tree->public, sizeof tree->public, "%s/public", tree->root) > 0);
    make_folder(tree, "");
    make_folder(tree, "cache");
    make_folder(tree, "cache/tracks");
    make_folder(tree, "cache/tracks/track_1");
    write_file(tree, "a.json", "inside");
    write_file(tree, "cache/b.json", "deeper");
    write_file(tree, "cache/tracks/track_1/b.json", "track");
    link_to(tree, "link.json", "a.json");
    link_to(tree, "cache/track_1", "tracks/track_1");
    link_to(tree, "cache/up.json", "../a.json");
    link_to(tree, "cache/tracks/track_1/two_up.json", "../../up.json");
    link_to(tree, "chain.json", "./cache/up.json");
    link_to(tree, "roundabout.json", "cache/track_1/../../b.json");
    link_to(tree, "climbing.json", "../secret.json");
    link_to(tree, "absolute.json", "/etc/passwd");
    assert_true(snprintf(path, sizeof path, "%s/a.json", tree->public) > 0);
    link_to(tree, "absolute_inside.json", path);
    link_to(tree, "out", "..");
    link_to(tree, "proc", "/proc/self/root");
    link_to(tree, "loop.json", "loop.json");
    link_to(tree, "loop_a", "loop_b");
    link_to(tree, "loop_b", "loop_a");
    link_to(tree, "dangling.json", "nowhere");
    link_to(tree, "to_folder", "cache");
    assert_true(snprintf(path, sizeof path, "%s/pipe.json", tree->public) > 0);
    assert_int_equal(mkfifo(path, 0644), 0);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about, (void)kind, (void)where;
    return remove(path);
}

static void remove_tree(const struct tree *tree)
{
    assert_int_equal(nftw(tree->root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void check(const struct public_folder *folder, const char *path, const char *content)
{
    int fd = -1;
    struct stat about;
    char found[32] = "";
    enum public_folder_outcome outcome = public_folder_open(folder, path, &fd, &about);
    if (outcome == PUBLIC_FOLDER_OPENED) {
        assert_int_equal(about.st_size, read(fd, found, sizeof found - 1));
        close(fd);
    }
    if ((outcome == PUBLIC_FOLDER_OPENED) != (content != NULL) || (content && strcmp(content, found) != 0))
        fail_msg("\"%s\": %d \"%s\"", path, outcome, found);
}

static void run_table(bool by_walk)
{
    struct tree tree;
    make_tree(&tree);
    const struct public_folder folder = {.path = tree.public, .by_walk = by_walk};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&folder, cases[i].path, cases[i].content);
    /* Each try left no descriptor behind: the next one is as low as at the start. */
    int lowest = dup(0);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check(&folder, cases[i].path, cases[i].content);
    close(lowest);
    int again = dup(0);
    assert_int_equal(lowest, again);
    close(again);
    remove_tree(&tree);
    check(&folder, "a.json", NULL);
}

static void with_openat2(void **state)
{
    (void)state;
    if (!public_folder_has_openat2())
        skip();
    run_table(false);
}

static void step_by_step(void **state)
{
    (void)state;
    run_table(true);
}

static void too_deep_and_too_long(void **state)
{
    (void)state;
    struct tree tree;
    make_tree(&tree);
    const struct public_folder folder = {.path = tree.public, .by_walk = true};
    char path[4096] = "";
    for (int i = 0; i < 40; i++) {
        memcpy(path + strlen(path), "d/", 3);
        make_folder(&tree, path);
    }
    memcpy(path + strlen(path), "f", 2);
    check(&folder, path, NULL);
    /* A part that no file name can be as long as. */
    memset(path, 'a', 300);
    path[300] = '\0';
    check(&folder, path, NULL);
    /* 41 links one after the other. */
    link_to(&tree, "l0", "a.json");
    for (int i = 1; i <= 40; i++) {
        char name[16], target[16];
        assert_true(
            snprintf(name, sizeof name, "l%d", i) > 0 && snprintf(target, sizeof target, "l%d", i - 1) > 0);
        link_to(&tree, name, target);
    }
    check(&folder, "l39", "inside");
    check(&folder, "l40", NULL);
    remove_tree(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_openat2),
        cmocka_unit_test(step_by_step),
        cmocka_unit_test(too_deep_and_too_long),
    };
    return cmocka_run_group_tests_name("public_folder", tests, NULL, NULL);
}
