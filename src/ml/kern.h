#ifndef ML_KERN_H
#define ML_KERN_H
/* kern.h - which instructions the networks are computed with.
 *
 * Three builds of one source: "avx512", "avx2" and "portable".  The best that
 * the processor has is taken when the first is needed.  Every sum has one
 * order, no product is fused with a sum, and what is not exact by IEEE 754
 * (tanh, exp) is made of what is: all three give the same bits. */
#include "core/base.h"

const char *ml_kern_name(void);
/* Tests and benches: take this one from now on; NULL: the best.  False, and
 * nothing is changed, when the processor does not have it. */
bool ml_kern_force(const char *name);

#endif /* ML_KERN_H */
