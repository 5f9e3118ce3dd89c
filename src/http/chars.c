/* SPDX-License-Identifier: Apache-2.0 */
/* The class table, spelled as the grammar spells it: the compiler evaluates each rule for each of the 256 bytes.
 * It cannot fail and is never written. */
#include "http/chars.h"

#define DIGIT(c) ((c) >= '0' && (c) <= '9')
#define ALPHA(c) (((c) >= 'A' && (c) <= 'Z') || ((c) >= 'a' && (c) <= 'z'))
#define VCHAR(c) ((c) > 0x20 && (c) < 0x7f)
#define OBS_TEXT(c) ((c) >= 0x80)
#define BLANK(c) ((c) == ' ' || (c) == '\t')

#define UNRESERVED(c) (ALPHA(c) || DIGIT(c) || (c) == '-' || (c) == '.' || (c) == '_' || (c) == '~')
#define SUB_DELIM(c) \
    ((c) == '!' || (c) == '$' || (c) == '&' || (c) == '\'' || (c) == '(' || (c) == ')' || (c) == '*' || \
     (c) == '+' || (c) == ',' || (c) == ';' || (c) == '=')
#define TCHAR(c) \
    (ALPHA(c) || DIGIT(c) || (c) == '!' || (c) == '#' || (c) == '$' || (c) == '%' || (c) == '&' || \
     (c) == '\'' || (c) == '*' || (c) == '+' || (c) == '-' || (c) == '.' || (c) == '^' || (c) == '_' || \
     (c) == '`' || (c) == '|' || (c) == '~')
#define PATH(c) (UNRESERVED(c) || SUB_DELIM(c) || (c) == ':' || (c) == '@' || (c) == '%' || (c) == '/')
#define QUERY(c) (VCHAR(c) && (c) != '#')
#define VALUE(c) (VCHAR(c) || BLANK(c) || OBS_TEXT(c))
#define QDTEXT(c) (VALUE(c) && (c) != '"' && (c) != '\\')

#define CLASSES(c) \
    ((TCHAR(c) ? CHAR_TOKEN : 0) | (PATH(c) ? CHAR_PATH : 0) | (QUERY(c) ? CHAR_QUERY : 0) | \
     (VALUE(c) ? CHAR_VALUE : 0) | (UNRESERVED(c) ? CHAR_HOST : 0) | (QDTEXT(c) ? CHAR_QUOTED : 0))
#define FOUR(c) CLASSES(c), CLASSES((c) + 1), CLASSES((c) + 2), CLASSES((c) + 3)
#define SIXTEEN(c) FOUR(c), FOUR((c) + 4), FOUR((c) + 8), FOUR((c) + 12)
#define SIXTY_FOUR(c) SIXTEEN(c), SIXTEEN((c) + 16), SIXTEEN((c) + 32), SIXTEEN((c) + 48)

const uint8_t char_classes[256] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128), SIXTY_FOUR(192)};
