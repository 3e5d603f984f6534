#ifndef PROG_TEMPLATE_H
#define PROG_TEMPLATE_H
/* template.h - texts with holes.
 *
 * @NAME@ is replaced by a value; what stands between @if name@ and @end@ is
 * left out unless the name is true.  A line that holds nothing but one of
 * these two goes with its line end.  A name nobody knows is an error,
 * and so is an @if without its @end. */
#include "core/err.h"
#include "core/sbuf.h"

struct template_value { const char *name, *value; };	/* NULL-ended */
struct template_flag { const char *name; bool on; };

MUST_CHECK int template_fill(struct sbuf *b, const char *name,
			     const char *text,
			     const struct template_value *values,
			     const struct template_flag *flags,
			     struct err *err);

#endif /* PROG_TEMPLATE_H */
