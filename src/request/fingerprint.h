/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer hangs on beside its question, as one digest: what the configuration means for answers, the statements of its named
 * queries, the tables with their columns and keys, what views and queries read, the database, the program. Equal in all instances that answer alike; another after
 * any change by which one could answer otherwise. What instances may differ in (addresses, workers, limits, logs, …) is not in it.
 * Without memory it is empty, and says so in the log: then nothing is shared. Any thread. */
#ifndef LEAT_REQUEST_FINGERPRINT_H
#define LEAT_REQUEST_FINGERPRINT_H

#include "catalog/model.h"

struct fingerprint {
    char hex[33]; /* 128 bits */
};

void fingerprint_of(const struct model *model, struct fingerprint *ret_fingerprint);

#endif
