/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a successor by fork and exec.
 *
 *   main      pause ──► every worker stands still ──► fork ──► child has executed, or failed ──► workers go on
 *   child                                               └─ sockets to 3, 4, … ─► LISTEN_FDS, LEAT_PREDECESSOR ─► exec
 *
 * Why the workers stand still: between fork and exec the child holds every descriptor of ours too. A connection that a worker
 * closes then stays open, and stays in the worker's epoll, whose events would lead to memory that is freed.
 * Failure: told in the log; this process serves on. */
#include "request/successor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "request/sockets.h"
#include "request/worker.h"

enum { HIGH = 64 }; /* descriptors from here on are never those of LISTEN_FDS */

/* ---- in the child ---- */

/* Copies first, out of the way of 3, 4, …: a socket of ours may have one of these numbers itself. Returns how many there are. */
static unsigned place_sockets(const struct service *service)
{
    int copies[LISTENERS_MAX + 1];
    unsigned count = service->listen_count + (service->admin_fd >= 0);
    for (unsigned i = 0; i < count; i++) {
        int fd = i < service->listen_count ? service->listen_fds[i] : service->admin_fd;
        if ((copies[i] = fcntl(fd, F_DUPFD_CLOEXEC, HIGH)) < 0)
            _exit(1);
    }
    for (unsigned i = 0; i < count; i++)
        if (dup2(copies[i], LISTEN_FDS_START + (int)i) < 0)
            _exit(1);
    return count;
}

/* "listen:listen:admin" */
static void set_names(const struct service *service)
{
    char names[8 * (LISTENERS_MAX + 1)] = "";
    size_t len = 0;
    for (unsigned i = 0; i < service->listen_count; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%slisten", i ? ":" : "");
    if (service->admin_fd >= 0)
        (void)snprintf(names + len, sizeof names - len, ":admin");
    (void)setenv("LISTEN_FDNAMES", names, 1);
}

static void set_number(const char *name, long long number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", number);
    (void)setenv(name, text, 1);
}

/* The file this program was started from: another one by now where it was replaced by a new version. */
static void execute(char **argv)
{
    static const char gone[] = " (deleted)";
    char path[PATH_MAX + sizeof gone];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len > 0) {
        path[len] = 0;
        size_t end = sizeof gone - 1;
        if ((size_t)len > end && strcmp(path + len - end, gone) == 0)
            path[(size_t)len - end] = 0;
        (void)execv(path, argv);
    }
    (void)execv("/proc/self/exe", argv);
    _exit(1);
}

static void become_successor(const struct service *service, pid_t predecessor, char **argv)
{
    unsigned count = place_sockets(service);
    set_names(service);
    set_number("LISTEN_PID", getpid());
    set_number("LISTEN_FDS", count);
    set_number("LEAT_PREDECESSOR", predecessor);
    execute(argv);
}

/* ---- in the parent ---- */

/* Its end of the pipe closes when the child executes the program, or ends. */
static void await_exec(const int pipe_fds[2])
{
    char nothing;
    (void)close(pipe_fds[1]);
    while (read(pipe_fds[0], &nothing, 1) < 0 && errno == EINTR)
        ;
    (void)close(pipe_fds[0]);
}

static void start(struct service *service, char **argv, const int pipe_fds[2])
{
    pid_t self = getpid(), child = fork();
    if (child == 0)
        become_successor(service, self, argv);
    int failed = errno;
    await_exec(pipe_fds);
    if (child > 0)
        log_event(LOG_INFO, "successor started", LOG_INT("pid", child));
    else
        log_event(LOG_ERROR, "no successor", LOG_STR("why", strerror(failed)));
}

/* Both ends closed by exec; the child's out of the way of the sockets. */
static bool open_pipe(int pipe_fds[2])
{
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return false;
    int low = pipe_fds[1];
    pipe_fds[1] = fcntl(low, F_DUPFD_CLOEXEC, HIGH);
    (void)close(low);
    if (pipe_fds[1] >= 0)
        return true;
    (void)close(pipe_fds[0]);
    return false;
}

void successor_start(struct service *service, char **argv)
{
    int pipe_fds[2];
    if (!open_pipe(pipe_fds)) {
        log_event(LOG_ERROR, "no successor", LOG_STR("why", strerror(errno)));
        return;
    }
    struct pause *pause = &service->pause;
    if (!service->pause_made) {
        (void)pthread_barrier_init(&pause->all_stand, NULL, service->worker_count + 1);
        (void)pthread_barrier_init(&pause->all_go, NULL, service->worker_count + 1);
        service->pause_made = true;
    }
    for (unsigned i = 0; i < service->worker_count; i++)
        worker_post_pause(service->workers[i], pause);
    (void)pthread_barrier_wait(&pause->all_stand);
    start(service, argv, pipe_fds);
    (void)pthread_barrier_wait(&pause->all_go);
}

void successor_ended(void)
{
    int status = 0;
    pid_t child;
    while ((child = waitpid(-1, &status, WNOHANG)) > 0)
        log_event(LOG_ERROR, "successor ended", LOG_INT("pid", child),
                  LOG_INT("exit", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)));
}
