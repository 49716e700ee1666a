#ifndef R3E_COORDINATOR_STORE_SCHEMA_H
#define R3E_COORDINATOR_STORE_SCHEMA_H
/* The schema of a store when it is opened (record.h): written into a new one, raised in an old one. */
#include <lmdb.h>

/* Makes the store one of RECORD_SCHEMA that has an id, in one transaction: after a crash it is as it was, or
 * done. Board records of an older schema stay as they are and are read all the same. Exits with a message if
 * the store is of a newer schema. `meta` is the database of that name; no other transaction may be open in
 * this thread. */
void store_schema_settle(MDB_env *env, MDB_dbi meta, const char *folder);

#endif
