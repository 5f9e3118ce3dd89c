/* SPDX-License-Identifier: Apache-2.0 */
/* The triggers that tell what was written, as SQL, and the message they send.
 *
 *   NOTIFY leat_changes, 'INSTANCE␟KIND␟SCHEMA␟TABLE␟KEY␟KEY…'        ␟: byte 0x1f
 *
 * INSTANCE is `leat.instance` of the session that wrote, empty where it is none of Leat's; KIND one of added, row, rows, all. Keys
 * come with `row` alone. A transaction sends equal messages once.
 * Pure. Failure: a message that is none of these reads as CHANGE_ALL: something was told. */
#ifndef LEAT_STORE_PG_TRIGGERS_H
#define LEAT_STORE_PG_TRIGGERS_H

#include "store/listen.h"

#define PG_TRIGGERS "leat_changed_" /* their names begin so */
#define PG_CHANNEL "leat_changes"

enum { PG_MESSAGE_BYTES_MAX = 8000 };

extern const char pg_triggers_sql[], pg_no_triggers_sql[];

/* Takes the message apart, in place. False: the instance itself has sent it. */
bool pg_change_read(char *message, struct slice instance, struct change *ret_change);

#endif
