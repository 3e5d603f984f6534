#ifndef MARKET_SQUEEZE_H
#define MARKET_SQUEEZE_H
/* squeeze.h - bytes made small for the database, and back.
 *
 * A squeezed text begins with the length of the plain one (8 bytes, little
 * endian); what follows is a zstd frame. */
#include "core/err.h"
#include "core/str.h"

/* Both live in `out`. */
struct str squeeze(struct arena *out, const void *p, size_t n);
/* -E_IO when it is damaged or the plain text is longer than `max`. */
MUST_CHECK int unsqueeze(struct arena *out, struct str data, size_t max,
			 struct str *ret, struct err *err);

#endif /* MARKET_SQUEEZE_H */
