/* SPDX-License-Identifier: Apache-2.0 */
/* The memory there is. See machine.h. */
#include "base/machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"

enum { PATH_BYTES_MAX = 4096, GROUPS_BYTES_MAX = 8192 };

/* The file's text, as much of it as there is room for; empty when it cannot be read. */
static struct slice text_of(const char *path, char *room, size_t room_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SLICE("");
    ssize_t len = read(fd, room, room_bytes);
    close(fd);
    return slice_of(room, len > 0 ? (size_t)len : 0);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The limit in one file; `max`, as version 2 says for none, is no number. */
static uint64_t limit_in(const char *path)
{
    char room[32];
    int64_t bytes;
    bool limited = slice_to_int(slice_trim(text_of(path, room, sizeof room)), &bytes) && bytes > 0;
    return limited ? (uint64_t)bytes : UINT64_MAX;
}

/* Of a group and all above it. Within a container the path may be the host's, of which only the top can be seen. */
static uint64_t limit_above(const char *root, const char *controller, struct slice group, const char *file)
{
    uint64_t limit = UINT64_MAX;
    for (;;) {
        char path[PATH_BYTES_MAX];
        int len =
            snprintf(path, sizeof path, "%s%s" SLICE_FMT "/%s", root, controller, SLICE_ARG(group), file);
        if (len > 0 && (size_t)len < sizeof path)
            limit = least(limit, limit_in(path));
        if (group.len == 0)
            return limit;
        do
            group.len--;
        while (group.len > 0 && group.data[group.len] != '/');
    }
}

/* A line is `number:controllers:/path`; version 2 has no controllers. */
uint64_t machine_group_limit(struct slice groups, const char *root)
{
    PRE(root != NULL);
    uint64_t limit = UINT64_MAX;
    while (groups.len > 0) {
        struct slice group = slice_cut(&groups, '\n');
        slice_cut(&group, ':');
        struct slice controllers = slice_cut(&group, ':');
        if (slice_eq(controllers, SLICE("memory")))
            limit = least(limit, limit_above(root, "/memory", group, "memory.limit_in_bytes"));
        else if (controllers.len == 0)
            limit = least(limit, limit_above(root, "", group, "memory.max"));
    }
    return limit;
}

uint64_t machine_memory_bytes(void)
{
    char room[GROUPS_BYTES_MAX];
    uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t groups = machine_group_limit(text_of("/proc/self/cgroup", room, sizeof room), "/sys/fs/cgroup");
    return least(machine, groups);
}
