/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `leat serve`, as the service takes them. */
#ifndef LEAT_CLI_SERVE_H
#define LEAT_CLI_SERVE_H

#include "cli/settings.h"
#include "request/service.h"

/* Texts are those of argv; *ret_options points to `overrides`. False: a sentence was written to standard error. */
bool serve_options_parse(const struct invocation *invocation, struct config_override overrides[GIVEN_MAX],
                         struct service_options *ret_options);

#endif
