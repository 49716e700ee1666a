#include "exporter/spread.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

void spread_subfolders(int folder_fd, const char *path)
{
    int attributes;
    int fd = openat(folder_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (ioctl(fd, FS_IOC_GETFLAGS, &attributes) == 0 && !(attributes & FS_TOPDIR_FL)) {
        attributes |= FS_TOPDIR_FL;
        (void)ioctl(fd, FS_IOC_SETFLAGS, &attributes);
    }
    close(fd);
}
