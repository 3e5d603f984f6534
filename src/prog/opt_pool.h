#ifndef PROG_OPT_POOL_H
#define PROG_OPT_POOL_H
/* opt_pool.h - trials computed by processes of this machine.
 *
 * The children are forked when all is loaded, so they share it; each gets some
 * trials at a time over a socket and gives back a line of JSON for each. */
#include "bt/opt.h"

struct opt_pool;
struct opt_job { size_t fold, number; const double *point; };

/* `jobs` children, or 0: in this process. */
MUST_CHECK int opt_pool_new(struct arena *out, const struct opt_data *d,
			    const struct opt_spec *s, const struct opt_fold *f,
			    size_t jobs, struct opt_pool **ret, struct err *err);
/* Does v[0..n) in any order.  `done` gets each trial's line (without its end)
 * in the order they are finished; < 0 from it ends all.  1: *stop was set
 * meanwhile. */
typedef int opt_done_fn(void *ctx, const char *line, size_t n, struct err *err);
MUST_CHECK int opt_pool_run(struct opt_pool *p, const struct opt_job *v, size_t n,
			    const volatile int *stop, opt_done_fn *done, void *ctx,
			    struct err *err);
/* Ends the children. */
void opt_pool_end(struct opt_pool *p);

#endif /* PROG_OPT_POOL_H */
