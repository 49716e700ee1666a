#ifndef R3E_EXPORTER_SITE_FILES_H
#define R3E_EXPORTER_SITE_FILES_H
/* The files of the search page, as they are in exporter/site; made by exporter/site/embed.py at build time.
 */
#include <stddef.h>

struct site_file {
    const char *path; /* below the public folder */
    const unsigned char *bytes;
    size_t length;
};

extern const struct site_file site_files[]; /* index.html is the last one */
extern const size_t site_file_count;

#endif
