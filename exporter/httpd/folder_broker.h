#ifndef R3E_EXPORTER_HTTPD_FOLDER_BROKER_H
#define R3E_EXPORTER_HTTPD_FOLDER_BROKER_H
/* A process beside the server that opens files of a public folder which was made after the server confined
 * itself.
 *
 * Landlock's rules are for the folder that stands there at the start: delete it and make another, as may be
 * done at any time, and the server may not read the new one. So it asks this process, over a pair of unix
 * sockets, for each file that it may not open itself. The broker opens nothing but what public_folder would,
 * knows no connection, and ends with the server. It costs nothing as long as the folder stays the same, and
 * afterwards some 20 µs for each file until the server is started again. */
#include "exporter/httpd/public_folder.h"

struct folder_broker;

/* Forks it; only before there are threads. Borrows `folder` and its path. NULL with errno set. */
struct folder_broker *folder_broker_start(const struct public_folder *folder);

/* As public_folder_open_below, from any thread. Ends the program if the broker is gone: the service is then
 * started anew. */
int folder_broker_open_below(struct folder_broker *broker, const char *path);

/* Ends the process, reaps it and clears the pointer. NULL does no harm. */
void folder_broker_close(struct folder_broker **pointer);

#endif
