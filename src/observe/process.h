/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tells of this process, under the names that Prometheus' own libraries use: time of CPU, memory,
 * descriptors, start (which the caller knows). What cannot be read is left out. Reads files of /proc, which never wait; any thread. */
#ifndef LEAT_OBSERVE_PROCESS_H
#define LEAT_OBSERVE_PROCESS_H

#include "base/clock.h"
#include "observe/metrics.h"

void process_metrics(struct metrics_page *page, struct wall started);

#endif
