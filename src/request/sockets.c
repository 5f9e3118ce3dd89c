/* SPDX-License-Identifier: Apache-2.0 */
/* See sockets.h. */
#include "request/sockets.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

#define ADMIN_NAME SLICE("admin")

/* How many sockets were handed to this very process. */
static unsigned inherited_count(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    int64_t pid_number = 0, count_number = 0;
    if (!pid || !count || !slice_to_int(slice_str(pid), &pid_number) || pid_number != getpid() ||
        !slice_to_int(slice_str(count), &count_number) || count_number < 1)
        return 0;
    return count_number < LISTENERS_MAX + 1 ? (unsigned)count_number : LISTENERS_MAX + 1;
}

/* They are not inherited further unless a successor is started. One for operators that nobody asked for is closed: it must not
 * serve others. */
static void inherit(struct service *service)
{
    struct slice names = slice_str(getenv("LISTEN_FDNAMES"));
    unsigned count = inherited_count();
    for (unsigned i = 0; i < count; i++) {
        int fd = LISTEN_FDS_START + (int)i;
        bool admin = slice_eq(slice_cut(&names, ':'), ADMIN_NAME);
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
        if (admin && service->admin_fd < 0 && service->config->admin.text.data)
            service->admin_fd = fd;
        else if (admin || service->listen_count == LISTENERS_MAX)
            (void)close(fd);
        else
            service->listen_fds[service->listen_count++] = fd;
    }
}

static enum error open_one(const struct word *address, int *ret_fd)
{
    char why[256] = "";
    enum error error = net_listen(address->text, ret_fd, why);
    if (error)
        dprintf(STDERR_FILENO, "leat: %s\n", why);
    return error ? ERR_SYSTEM : OK;
}

enum error sockets_open(struct service *service)
{
    const struct config *config = service->config;
    inherit(service);
    enum error error = OK;
    bool none = service->listen_count == 0;
    for (unsigned i = 0; none && !error && i < config->listen_count && i < LISTENERS_MAX; i++) {
        error = open_one(&config->listen[i], &service->listen_fds[i]);
        service->listen_count += error == OK;
    }
    if (!error && config->admin.text.data && service->admin_fd < 0)
        error = open_one(&config->admin, &service->admin_fd);
    return error;
}

void sockets_say(const struct service *service)
{
    const struct model *model = service->snapshot->model;
    char address[64];
    for (unsigned i = 0; i < service->listen_count; i++) {
        net_address(service->listen_fds[i], address);
        log_event(LOG_INFO, "listening", LOG_STR("address", address),
                  LOG_INT("workers", service->worker_count), LOG_INT("resources", model->resource_count),
                  LOG_INT("queries", model->query_count));
    }
    if (service->admin_fd >= 0) {
        net_address(service->admin_fd, address);
        log_event(LOG_INFO, "listening for operators", LOG_STR("address", address));
    }
}

void sockets_close(struct service *service)
{
    for (unsigned i = 0; i < service->listen_count; i++)
        (void)close(service->listen_fds[i]);
    if (service->admin_fd >= 0)
        (void)close(service->admin_fd);
}
