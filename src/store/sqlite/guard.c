/* SPDX-License-Identifier: Apache-2.0 */
/* Catching SIGBUS: guard.h has the picture.
 *
 * The state is the process's, as handlers and maps are, and a handler is given nothing: hence the globals. `torn` is set before the
 * page is replaced, so who has read a zero of it finds it set. It is cleared with the last connection: then no map is left.
 * Only BUS_ADRERR is ours (a page that its file no longer has, or its disk does not give); memory that is broken itself
 * (BUS_MCEERR_AR) may be anybody's and ends the process. Failure: no room for the page: the process ends as it would have. */
#include "store/sqlite/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"

static struct {
    struct sigaction before; /* what the handler took the place of */
    uintptr_t page_bytes;
    atomic_bool torn;
    pthread_mutex_t lock;
    unsigned connections; /* by lock: open ones */
} guard = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local volatile sig_atomic_t depth; /* of sections that this thread is in */
static _Thread_local bool hears;                  /* this thread does not block SIGBUS */

/* Writable, for so is the map of the -shm file. Two threads may lose a page at once, and the later one replaces it again: it is of zeros still,
 * or of what nobody will believe. Not by mmap of libc, which TSan takes for a write of the page by this thread. */
static bool replace(void *address)
{
    uintptr_t page = (uintptr_t)address & ~(guard.page_bytes - 1);
    long got = syscall(SYS_mmap, page, guard.page_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return (uintptr_t)got == page;
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
    (void)context;
    int saved = errno;
    if (depth > 0 && info->si_code == BUS_ADRERR) {
        atomic_store(&guard.torn, true);
        if (replace(info->si_addr)) {
            errno = saved;
            return;
        }
    }
    sigaction(number, &guard.before, NULL); /* the same instruction faults again, and shows in the core */
    if (info->si_code <= 0)
        raise(number); /* somebody sent it: nothing would fault again */
    errno = saved;
}

/* Again when another has taken its place since, as test frameworks do. */
static void install(void)
{
    struct sigaction now;
    sigaction(SIGBUS, NULL, &now);
    if (now.sa_sigaction == on_sigbus)
        return;
    guard.page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    guard.before = now;
    struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    int failed = sigaction(SIGBUS, &action, NULL);
    POST(failed == 0);
}

/* Threads of ours block all signals; a fault in one that blocks SIGBUS ends the process without asking any handler. */
static void hear(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGBUS);
    int failed = pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    POST(failed == 0);
    hears = true;
}

void lite_guard_enter(void)
{
    PRE(guard.page_bytes > 0);
    if (!hears)
        hear();
    depth = depth + 1;
}

void lite_guard_leave(void)
{
    PRE(depth > 0);
    depth = depth - 1;
}

bool lite_guard_is_torn(void)
{
    return atomic_load_explicit(&guard.torn, memory_order_acquire);
}

bool lite_guard_admit(void)
{
    pthread_mutex_lock(&guard.lock);
    install();
    bool admitted = !lite_guard_is_torn();
    guard.connections += admitted;
    pthread_mutex_unlock(&guard.lock);
    return admitted;
}

void lite_guard_release(void)
{
    pthread_mutex_lock(&guard.lock);
    PRE(guard.connections > 0);
    if (--guard.connections == 0)
        atomic_store(&guard.torn, false);
    pthread_mutex_unlock(&guard.lock);
}
