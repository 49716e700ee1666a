#ifndef R3E_EXPORTER_HTTPD_PATH_WALK_H
#define R3E_EXPORTER_HTTPD_PATH_WALK_H
/* What openat2(2) does with RESOLVE_BENEATH, for kernels and containers that do not have it: opens a file
 * below a folder step by step, each step from the folder reached before and never through a symbolic link
 * that was not read first. A name that is exchanged meanwhile makes it fail or leads elsewhere inside. */

/* Opens the regular file `path`, relative to `folder_fd`, for reading. -1 with errno: EXDEV (a link leads
 * out: an absolute one or too many ".."), ELOOP (more than 40 links), ENAMETOOLONG, EISDIR, and those of
 * openat(2). */
int path_walk_open(int folder_fd, const char *path);

#endif
