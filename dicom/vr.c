/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/vr.h"

#define ROW(a, b) [((a) - 'A') * ES_VR_LETTERS + ((b) - 'A')]

enum { SHORT = ES_VR_KNOWN, WIDE = ES_VR_KNOWN | ES_VR_WIDE, BINARY = ES_VR_BINARY, FREE = ES_VR_FREE };

/* PS3.5 table 6.2-1; lengths by 7.1.2 */
const uint8_t es_vrs[ES_VR_LETTERS * ES_VR_LETTERS] = {
    ROW('A', 'E') = SHORT,
    ROW('A', 'S') = SHORT,
    ROW('A', 'T') = SHORT | BINARY,
    ROW('C', 'S') = SHORT,
    ROW('D', 'A') = SHORT,
    ROW('D', 'S') = SHORT,
    ROW('D', 'T') = SHORT,
    ROW('F', 'D') = SHORT | BINARY,
    ROW('F', 'L') = SHORT | BINARY,
    ROW('I', 'S') = SHORT,
    ROW('L', 'O') = SHORT | FREE,
    ROW('L', 'T') = SHORT | FREE,
    ROW('O', 'B') = WIDE | BINARY,
    ROW('O', 'D') = WIDE | BINARY,
    ROW('O', 'F') = WIDE | BINARY,
    ROW('O', 'L') = WIDE | BINARY,
    ROW('O', 'V') = WIDE | BINARY,
    ROW('O', 'W') = WIDE | BINARY,
    ROW('P', 'N') = SHORT | FREE,
    ROW('S', 'H') = SHORT | FREE,
    ROW('S', 'L') = SHORT | BINARY,
    ROW('S', 'Q') = WIDE,
    ROW('S', 'S') = SHORT | BINARY,
    ROW('S', 'T') = SHORT | FREE,
    ROW('S', 'V') = WIDE | BINARY,
    ROW('T', 'M') = SHORT,
    ROW('U', 'C') = WIDE | FREE,
    ROW('U', 'I') = SHORT,
    ROW('U', 'L') = SHORT | BINARY,
    ROW('U', 'N') = WIDE, /* of unknown contents: neither */
    ROW('U', 'R') = WIDE,
    ROW('U', 'S') = SHORT | BINARY,
    ROW('U', 'T') = WIDE | FREE,
    ROW('U', 'V') = WIDE | BINARY,
};
