/* SPDX-License-Identifier: Apache-2.0 */
/* Content codings (RFC 9110 section 8.4.1): how the bytes of an answer are packed. */
#ifndef LEAT_HTTP_CODING_H
#define LEAT_HTTP_CODING_H

enum coding { CODING_IDENTITY, CODING_GZIP, CODING_BROTLI, CODING_COUNT };

#define CODING_BIT(coding) (1u << (coding))

#endif
