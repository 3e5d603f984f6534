#ifndef CORE_RAND_H
#define CORE_RAND_H
/* rand.h - reproducible numbers for simulation, unguessable ones for secrets.
 *
 * struct rng is xoshiro256** (Blackman, Vigna) seeded through splitmix64: the
 * same seed gives the same sequence on every machine.  Never use it for a
 * secret; rand_secret() asks the kernel. */
#include "core/base.h"

struct rng { uint64_t s[4]; double spare; bool has_spare; };

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);	/* 0..n-1 without bias, n > 0 */
double rng_unit(struct rng *r);			/* [0, 1) */
double rng_gauss(struct rng *r);		/* mean 0, deviation 1 */
double rng_exp(struct rng *r);			/* mean 1 */

void rand_secret(void *buf, size_t n);	/* getrandom; ends the process if it fails */
/* 0..max_ms with full jitter, for back-off. */
int64_t rand_jitter_ms(int64_t max_ms);

#endif /* CORE_RAND_H */
