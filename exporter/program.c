#include "exporter/program.h"

#include <sys/stat.h>

void program_identify(uint64_t numbers[static PROGRAM_NUMBERS])
{
    struct stat status = {0};
    if (stat("/proc/self/exe", &status) != 0)
        status = (struct stat){0};
    numbers[0] = status.st_ino;
    numbers[1] = (uint64_t)status.st_size;
    numbers[2] = (uint64_t)status.st_mtim.tv_sec;
}
