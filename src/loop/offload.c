/* SPDX-License-Identifier: Apache-2.0 */
/* The offload pool: one queue under one lock, a few threads that take from it. offload.h says what it promises.
 * The threads block all signals: those are the main thread's.
 *
 * Failure: offload_new gives NULL when not one thread can be made; with fewer than asked for it goes on. */
#include "loop/offload.h"

#include <pthread.h>
#include <signal.h>

#include "base/mem.h"

enum { OFFLOAD_MAGIC = 0x4f46464c };

struct offload {
    uint32_t magic;
    unsigned queue_max;
    pthread_mutex_t lock; /* guards queue, waiting, ending */
    pthread_cond_t work;
    struct list queue; /* oldest first */
    unsigned waiting;
    bool ending;
    unsigned threads_count;
    pthread_t threads[];
};

static void job_home(struct letter *letter)
{
    struct job *job = container_of(letter, struct job, letter);
    job->on_done(job);
}

/* The oldest job, waiting for one; NULL: the pool ends. */
static struct job *take_job(struct offload *offload)
{
    pthread_mutex_lock(&offload->lock);
    while (list_empty(&offload->queue) && !offload->ending)
        pthread_cond_wait(&offload->work, &offload->lock);
    struct list *link = list_shift(&offload->queue);
    if (link != NULL)
        offload->waiting--;
    pthread_mutex_unlock(&offload->lock);
    return link != NULL ? container_of(link, struct job, link) : NULL;
}

static void *work(void *pool)
{
    struct offload *offload = pool;
    CHECK_MAGIC(offload, OFFLOAD_MAGIC);
    for (struct job *job; (job = take_job(offload)) != NULL;) {
        job->run(job);
        loop_post(job->home, &job->letter);
    }
    return NULL;
}

static void start_threads(struct offload *offload, unsigned threads)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (offload->threads_count < threads) {
        if (pthread_create(&offload->threads[offload->threads_count], NULL, work, offload) != 0)
            break;
        offload->threads_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct offload *offload_new(unsigned threads, unsigned queue_max)
{
    PRE(threads > 0);
    struct offload *offload = mem_must(sizeof *offload + threads * sizeof offload->threads[0]);
    offload->magic = OFFLOAD_MAGIC;
    offload->queue_max = queue_max;
    pthread_mutex_init(&offload->lock, NULL);
    pthread_cond_init(&offload->work, NULL);
    list_init(&offload->queue);
    start_threads(offload, threads);
    if (offload->threads_count > 0)
        return offload;
    offload_free(offload);
    return NULL;
}

void offload_free(struct offload *offload)
{
    if (offload == NULL)
        return;
    CHECK_MAGIC(offload, OFFLOAD_MAGIC);
    pthread_mutex_lock(&offload->lock);
    offload->ending = true;
    pthread_cond_broadcast(&offload->work);
    pthread_mutex_unlock(&offload->lock);
    for (unsigned i = 0; i < offload->threads_count; i++)
        pthread_join(offload->threads[i], NULL);
    POST(list_empty(&offload->queue));
    pthread_cond_destroy(&offload->work);
    pthread_mutex_destroy(&offload->lock);
    offload->magic = 0;
    mem_free(offload);
}

enum error offload_submit(struct offload *offload, struct job *job)
{
    CHECK_MAGIC(offload, OFFLOAD_MAGIC);
    PRE(job->run != NULL && job->on_done != NULL && job->home != NULL);
    job->letter.on_receive = job_home;
    pthread_mutex_lock(&offload->lock);
    PRE(!offload->ending);
    bool room = offload->waiting < offload->queue_max;
    if (room) {
        list_push(&offload->queue, &job->link);
        offload->waiting++;
        pthread_cond_signal(&offload->work);
    }
    pthread_mutex_unlock(&offload->lock);
    return room ? OK : ERR_LIMIT;
}

unsigned offload_waiting(struct offload *offload)
{
    pthread_mutex_lock(&offload->lock);
    unsigned waiting = offload->waiting;
    pthread_mutex_unlock(&offload->lock);
    return waiting;
}
