#ifndef XCHG_DET_H
#define XCHG_DET_H
/* det.h - logarithm, exponential and normal numbers that are the same to the
 * last bit on every machine.  The C library's are not: they differ between
 * versions, and between processors with and without fused multiply-add.
 * Here are only + - * / and sqrt, which IEEE 754 defines exactly (the build
 * forbids contraction).  Good to a few units of the last place. */
#include "core/rand.h"

double det_log(double x);		/* x > 0, finite */
double det_exp(double x);		/* |x| <= 700 */
double det_gauss(struct rng *r);	/* mean 0, deviation 1 */
/* The same with fat tails: most of them calm, one in seven wild. */
double det_fat(struct rng *r);
/* A seed out of four numbers; every bit depends on every bit. */
uint64_t det_seed(uint64_t a, uint64_t b, uint64_t c, uint64_t d);

#endif /* XCHG_DET_H */
