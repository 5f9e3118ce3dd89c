/* SPDX-License-Identifier: Apache-2.0 */
/* Where a failed assertion ends: one line on standard error, then abort. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *kind, const char *what, const char *file, int line)
{
    dprintf(2, "leat: %s failed: %s (%s:%d)\n", kind, what, file, line);
    abort();
}
