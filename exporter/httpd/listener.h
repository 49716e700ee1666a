#ifndef R3E_EXPORTER_HTTPD_LISTENER_H
#define R3E_EXPORTER_HTTPD_LISTENER_H
#include <stdbool.h>
#include <stddef.h>

#define LISTENER_ERROR_SIZE 256
#define LISTENER_NAME_SIZE  80

/* A listening socket for "ADDRESS:PORT" as endpoint_parse_address takes it (port 0: any free one), and its
 * real address, fit for a URL, in `name`. -1: `error` says what is wrong; `*wrong_usage` tells an address
 * that can never work from one that cannot be had now. */
int listener_open(const char *string, char name[static LISTENER_NAME_SIZE],
    char error[static LISTENER_ERROR_SIZE], bool *wrong_usage);

#endif
