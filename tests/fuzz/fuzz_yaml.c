/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations from any bytes. What must hold: a configuration comes if and only if there is nothing to refuse; what is printed
 * of it loads again without a complaint, and prints the same. */
#include <stdlib.h>

#include "base/buf.h"
#include "config/config.h"

static struct config *load(struct slice bytes, struct arena *arena)
{
    struct complaints complaints = {.arena = arena};
    struct config *config = NULL;
    enum error error = config_load_bytes("leat.yaml", bytes, NULL, 0, &complaints, &config);
    POST((error == OK) == (config != NULL));
    POST((error == OK) == (complaints_errors(&complaints) == 0));
    return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct buf first, second;
    arena_init(&arena, 4096);
    buf_init(&first, 64 << 20);
    buf_init(&second, 64 << 20);
    struct config *config = load(slice_of((const char *)data, size), &arena);
    if (config) {
        config_print(config, &first);
        struct config *again = load(buf_slice(&first), &arena);
        if (first.len <= 1 << 20) { /* what is printed names every default, and may be too long to be read */
            POST(again);
            config_print(again, &second);
            POST(slice_eq(buf_slice(&first), buf_slice(&second)));
        }
        config_free(again);
    }
    config_free(config);
    buf_done(&first);
    buf_done(&second);
    arena_done(&arena);
    return 0;
}
