#ifndef R3E_EXPORTER_SITE_H
#define R3E_EXPORTER_SITE_H
/* Publishes the search page: PUBLIC/index.html and what it needs in PUBLIC/r3e-site, beside PUBLIC/cache.
 *
 * The files are part of the program (site_files.h) and not installed beside it: so a program that runs from
 * its build folder or was copied alone has the page that belongs to it.
 *
 * A file that is as it should be is not touched. One that another release wrote is replaced, each atomically
 * and index.html last, after one sync for all; one that this release no longer has is removed from r3e-site.
 * What is not ours (site_mark.h), such as an operator's own index.html or an edited copy of ours, is left
 * alone for ever.
 *
 * What fails is logged and no reason to fail an export: the data is whole without the page. The caller sees
 * to it that there is one exporter at a time; a publication that is open does. */
void site_publish(const char *public_folder);

#endif
