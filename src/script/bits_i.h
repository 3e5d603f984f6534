#ifndef SCRIPT_BITS_I_H
#define SCRIPT_BITS_I_H
/* bits_i.h - conditions as bits, 64 bars a word, the first bar lowest.
 *
 * The widest registers the machine has are taken; comparing gives the same
 * bits in any of them.  Bits behind the last bar are 0. */
#include "core/base.h"

enum bits_cross { BITS_OVER, BITS_UNDER, BITS_EITHER };
/* Of the bar before: a <= b, a >= b. */
struct bits_last { uint64_t le, ge; };
/* Where a crosses over and under b, as the rows crossover and crossunder. */
void bits_crossings(const double *a, const double *b, size_t n,
		    struct bits_last *last, uint64_t *over, uint64_t *under);
/* Where x is not 0. */
void bits_true(const double *x, size_t n, uint64_t *ret);

#endif /* SCRIPT_BITS_I_H */
