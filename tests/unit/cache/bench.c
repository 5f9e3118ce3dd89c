/* SPDX-License-Identifier: Apache-2.0 */
/* The cache's figures, and whether they reach what is wanted of them: exit status 1 when one does not. `bench ratios` takes a minute,
 * `bench speed` seconds, `bench churn [MIB [SECONDS]]` as long as it is told; without a word all three. Build it without sanitizers. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "workload.h"

#define MILLION ((uint64_t)1000 * 1000)

static bool say(const char *what, double is, const char *unit, bool good, const char *wanted)
{
    printf("%-58s %8.2f %-10s %s%s\n", what, is, unit, good ? "ok: " : "MISSED: ", wanted);
    fflush(stdout);
    return good;
}

/* ---- hit ratios ---- */

static bool near_published(uint64_t fit, double published)
{
    struct workload workload;
    workload_init(&workload, ZIPF, 10000, fit);
    double is = ratio_of_cache(&workload, 10 * MILLION, 0, 1);
    workload_done(&workload);
    char what[80], wanted[80];
    snprintf(what, sizeof what, "Zipf 1, 10,000 keys, %lu fit", (unsigned long)fit);
    snprintf(wanted, sizeof wanted, "within 0.5 of %.2f", published);
    return say(what, is, "%", is >= published - 0.5 && is <= published + 0.5, wanted);
}

static bool near_best(uint64_t fit, unsigned shards)
{
    struct workload workload;
    workload_init(&workload, ZIPF, MILLION, fit);
    double best = ratio_of_best(&workload),
           is = ratio_of_cache(&workload, 20 * MILLION, 10 * MILLION, shards);
    workload_done(&workload);
    char what[80], wanted[80];
    snprintf(what, sizeof what, "Zipf 1, a million keys, %lu fit, %u shards", (unsigned long)fit, shards);
    snprintf(wanted, sizeof wanted, "within 1.5 of the best fixed set's %.2f", best);
    return say(what, is, "%", is >= best - 1.5, wanted);
}

static bool above_lru(enum workload_kind kind, const char *what)
{
    struct workload workload;
    workload_init(&workload, kind, 100000, 2000);
    double is = ratio_of_cache(&workload, 5 * MILLION, MILLION, 1);
    workload_done(&workload);
    workload_init(&workload, kind, 100000, 2000);
    double lru = ratio_of_lru(&workload, 5 * MILLION, MILLION);
    workload_done(&workload);
    char wanted[80];
    snprintf(wanted, sizeof wanted, "above an LRU's %.2f", lru);
    return say(what, is, "%", is > lru, wanted);
}

static bool ratios(void)
{
    bool good = near_published(100, 52.35);
    good &= near_published(1000, 75.98);
    good &= near_best(10000, 2);
    good &= near_best(100000, 16);
    good &= above_lru(LOOP, "a loop of half as many again as fit");
    good &= above_lru(SCAN, "Zipf 1 with scans");
    good &= above_lru(TWO_SIDED, "Zipf 1 and an endless scan by turns");
    good &= above_lru(SHIFTING, "Zipf 1 with shifting favourites");
    return good;
}

/* ---- speed ---- */

enum { ENTRIES = 100000, LOOKUPS = 4000000 };

struct reader {
    struct kit *kit;
    struct cache_key *keys;
    unsigned keys_asked;
    struct unit_random random;
    double seconds; /* of its thread's CPU */
};

static double cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *look_up(void *context)
{
    struct reader *reader = context;
    double start = cpu_seconds();
    struct mono now = {1};
    for (unsigned i = 0; i < LOOKUPS; i++) {
        struct entry *entry = NULL;
        struct fill *fill = NULL;
        struct cache_key key = reader->keys[unit_random_below(&reader->random, reader->keys_asked)];
        enum cache_verdict verdict = cache_ask(reader->kit->cache, key, now, NULL, &entry, &fill);
        PRE(verdict == CACHE_FRESH);
        entry_unref(entry);
    }
    reader->seconds = cpu_seconds() - start;
    return NULL;
}

static void fill_up(struct kit *kit, struct cache_key *keys)
{
    struct mono never = {INT64_MAX};
    struct tag_seen seen = tags_now(kit->tags, 1);
    for (uint64_t i = 0; i < ENTRIES; i++) {
        keys[i] = key_of(i);
        struct entry *entry =
            entry_new(&(struct entry_parts){.key = keys[i],
                                            .fresh_until = never,
                                            .grace_until = never,
                                            .error_until = never,
                                            .seen = &seen,
                                            .seen_count = 1,
                                            .body = SLICE("a row of some bytes, as JSON is")});
        cache_put(kit->cache, entry);
        entry_unref(entry);
    }
}

/* Of each thread. */
static double millions_per_second(struct kit *kit, struct cache_key *keys, unsigned keys_asked,
                                  unsigned threads)
{
    pthread_t ids[8];
    struct reader readers[8];
    double seconds = 0;
    for (unsigned i = 0; i < threads; i++) {
        readers[i] = (struct reader){kit, keys, keys_asked, {i + 1}, 0};
        pthread_create(&ids[i], NULL, look_up, &readers[i]);
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        seconds += readers[i].seconds;
    }
    return threads * (double)LOOKUPS / seconds / 1e6;
}

static bool speed(void)
{
    struct kit kit;
    struct cache_key *keys = calloc(ENTRIES, sizeof *keys);
    kit_open(&kit, 256 * MIB, 0);
    fill_up(&kit, keys);
    struct cache_stats stats = kit_stats(&kit);
    double bytes = (double)stats.bytes / (double)stats.entries;
    double hot = millions_per_second(&kit, keys, 1000, 1), hot_two = millions_per_second(&kit, keys, 1000, 2);
    double all = millions_per_second(&kit, keys, ENTRIES, 1);
    kit_close(&kit);
    free(keys);
    say("bytes of the budget for an entry of 31 bytes", bytes, "B", true, "told");
    say("lookups of 100,000 keys at random, one thread", all, "M/CPU s", true, "told");
    say("lookups of 1,000 keys at random, each of two threads", hot_two, "M/CPU s", true, "told");
    return say("lookups of 1,000 keys at random, one thread", hot, "M/CPU s", hot >= 10, "10");
}

/* ---- churn ---- */

static double rss_mib(void)
{
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / (double)MIB;
}

struct churner {
    struct kit *kit;
    struct unit_random random;
    struct mono until;
    const char *bytes;
    uint64_t made;
};

/* Rows, pages and some large answers; how large they are changes from time to time, as what is asked for does. */
static size_t size_now(struct churner *churner)
{
    size_t kind = unit_random_below(&churner->random, 100), phase = churner->made / 50000 % 3;
    if (kind < 60 - 20 * phase)
        return 100 + unit_random_below(&churner->random, 900);
    return kind < 98 ? 1000 + unit_random_below(&churner->random, 30000)
                     : 100000 + unit_random_below(&churner->random, 400000);
}

static void *churn_on(void *context)
{
    struct churner *churner = context;
    struct mono never = {INT64_MAX};
    while (clock_mono().us < churner->until.us) {
        size_t size = size_now(churner);
        struct entry *entry =
            entry_new(&(struct entry_parts){.key = key_of(unit_random_below(&churner->random, 10 * MILLION)),
                                            .fresh_until = never,
                                            .grace_until = never,
                                            .error_until = never,
                                            .body = slice_of(churner->bytes, size)});
        cache_put(churner->kit->cache, entry);
        if (churner->made++ % 3 == 0)
            PRE(cache_add_form(churner->kit->cache, entry, ENTRY_GZIP, slice_of(churner->bytes, size / 4)));
        entry_unref(entry);
    }
    return NULL;
}

/* The most that is resident until then. */
static double most_until(struct mono until)
{
    double most = 0;
    while (clock_mono().us < until.us) {
        usleep(100000);
        double now = rss_mib();
        most = now > most ? now : most;
    }
    return most;
}

static bool churn(uint64_t mib, unsigned seconds)
{
    enum { THREADS = 2, PARTS = 2 };
    char *bytes = calloc(1, MIB);
    memset(bytes, 'a', MIB);
    struct kit kit;
    kit_open(&kit, mib * MIB, 0);
    double before = rss_mib(), most[PARTS];
    struct churner churners[THREADS];
    for (unsigned part = 0; part < PARTS; part++) {
        struct mono until = in_ms(clock_mono(), seconds * 1000 / PARTS);
        pthread_t ids[THREADS];
        for (unsigned i = 0; i < THREADS; i++) {
            churners[i] = (struct churner){&kit, {part * 10 + i}, until, bytes, 0};
            pthread_create(&ids[i], NULL, churn_on, &churners[i]);
        }
        most[part] = (most_until(until) - before) / (double)mib;
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(ids[i], NULL);
    }
    double evicted = (double)kit_stats(&kit).evicted;
    kit_close(&kit);
    free(bytes);
    say("entries dropped for others meanwhile", evicted, "", true, "told");
    bool good = say("resident memory at most, first half", most[0], "x budget", most[0] <= 1.25, "1.25");
    return good & say("resident memory at most, second half", most[1], "x budget", most[1] <= 1.25, "1.25");
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    bool good = true;
    mem_share_heap();
    if (!*what || !strcmp(what, "ratios"))
        good &= ratios();
    if (!*what || !strcmp(what, "speed"))
        good &= speed();
    if (!*what || !strcmp(what, "churn"))
        good &= churn(argc > 2 ? strtoul(argv[2], NULL, 10) : 256,
                      argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 30);
    return good ? 0 : 1;
}
