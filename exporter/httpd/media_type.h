#ifndef R3E_EXPORTER_HTTPD_MEDIA_TYPE_H
#define R3E_EXPORTER_HTTPD_MEDIA_TYPE_H

/* The media type for a file name, by its last extension; application/octet-stream for unknown ones. A
 * constant string. */
const char *media_type(const char *path);

#endif
