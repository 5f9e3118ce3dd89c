/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps a map from ending the process. SQLite maps the database's file (to read it) and the -shm file of WAL mode. When
 * somebody truncates such a file, copies another over it, or its disk fails, a touch of the map raises SIGBUS. Here it is caught:
 *
 *   a guarded section touches a lost page ─► the handler notes "torn" and puts a page of zeros there ─► the section goes on,
 *   and is thrown away at its end ─► every connection of the process is closed ─► none is torn; they are opened again
 *
 * Why all connections: those of a process share their map of the -shm file, so a zero page is in all of them, and SQLite lets go
 * of it with the last one. Until then none is opened (lite_guard_admit), and whoever has one looks before it gives a row on.
 * Outside of a section SIGBUS does what it did before us. Any thread; the handler is async-signal-safe. */
#ifndef LEAT_STORE_SQLITE_GUARD_H
#define LEAT_STORE_SQLITE_GUARD_H

#include <stdbool.h>

#include "base/error.h"

/* Around whatever may touch a map of a connection that is open; sections may lie in each other. */
void lite_guard_enter(void);
void lite_guard_leave(void);

/* A page was lost since the connections that are open now were opened: what they read is worth nothing. To be asked after reading and
 * before believing. */
bool lite_guard_is_torn(void);

/* Before a connection is opened (the first sets the handler up), and after it is closed. False: it may not be opened, torn ones are
 * not closed yet. */
bool lite_guard_admit(void) must_check;
void lite_guard_release(void);

#endif
