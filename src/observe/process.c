/* SPDX-License-Identifier: Apache-2.0 */
/* See process.h, proc(5) and getrusage(2). */
#include "observe/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct slice file_read(const char *path, char *room, size_t room_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, room, room_bytes) : -1;
    if (fd >= 0)
        (void)close(fd);
    return slice_of(room, len > 0 ? (size_t)len : 0);
}

static void write_cpu(struct metrics_page *page)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    int64_t seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    int64_t us = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    metrics_family(page, METRICS_COUNTER, "process_cpu_seconds_total", "Time of CPU, of users and system.");
    metrics_seconds(page, (uint64_t)(seconds * 1000000 + us));
}

/* statm: "total resident …", in pages. */
static void write_memory(struct metrics_page *page)
{
    char room[256];
    struct slice rest = file_read("/proc/self/statm", room, sizeof room);
    struct slice total = slice_cut(&rest, ' '), resident = slice_cut(&rest, ' ');
    int64_t total_pages, resident_pages, page_bytes = sysconf(_SC_PAGESIZE);
    if (!slice_to_int(total, &total_pages) || !slice_to_int(resident, &resident_pages))
        return;
    metrics_gauge(page, "process_virtual_memory_bytes", "Memory that is mapped.",
                  (uint64_t)(total_pages * page_bytes));
    metrics_gauge(page, "process_resident_memory_bytes", "Memory that is resident.",
                  (uint64_t)(resident_pages * page_bytes));
}

/* Newer kernels (6.2) tell the count as the folder's size; for others it is walked. */
static uint64_t descriptors_open(void)
{
    struct stat folder;
    if (stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0)
        return (uint64_t)folder.st_size;
    uint64_t count = 0;
    DIR *entries = opendir("/proc/self/fd");
    for (const struct dirent *entry; entries && (entry = readdir(entries)) != NULL;)
        count += entry->d_name[0] != '.';
    if (entries)
        (void)closedir(entries);
    return count > 0 ? count - 1 : 0; /* but for the folder's own */
}

static void write_descriptors(struct metrics_page *page)
{
    struct rlimit limit;
    metrics_gauge(page, "process_open_fds", "Descriptors that are open.", descriptors_open());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        metrics_gauge(page, "process_max_fds", "Descriptors that may be open.", limit.rlim_cur);
}

void process_metrics(struct metrics_page *page, struct wall started)
{
    metrics_family(page, METRICS_GAUGE, "process_start_time_seconds", "When it started, since 1970.");
    metrics_seconds(page, (uint64_t)started.us);
    write_cpu(page);
    write_memory(page);
    write_descriptors(page);
}
