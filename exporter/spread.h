#ifndef R3E_EXPORTER_SPREAD_H
#define R3E_EXPORTER_SPREAD_H
/* Asks the file system to spread a folder's subfolders over the disk: the attribute T of chattr(1), which
 * ext2 to ext4 know and others refuse.
 *
 * ext4 looks for a free inode near the folder a file is made in, and passes over each one that was freed
 * within the last minutes (`recently_deleted` in the kernel's fs/ext4/ialloc.c), one by one and for every new
 * file. Some ten thousand files made soon after as many were deleted, in folders that lie side by side, take
 * four seconds of kernel time; spread out, 0.4 s. */

/* `path` is a folder below `folder_fd`. Where it cannot be done nothing happens: it only costs time. */
void spread_subfolders(int folder_fd, const char *path);

#endif
