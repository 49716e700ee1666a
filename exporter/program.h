#ifndef R3E_EXPORTER_PROGRAM_H
#define R3E_EXPORTER_PROGRAM_H
/* Which program this is: one built anew may write other bytes without having another version, so what an
 * older one kept about its files does not count. */
#include <stdint.h>

#define PROGRAM_NUMBERS 3

/* Inode, size and time of modification of the running program; zeroes where the system does not say. */
void program_identify(uint64_t numbers[static PROGRAM_NUMBERS]);

#endif
