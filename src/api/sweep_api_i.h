#ifndef API_SWEEP_API_I_H
#define API_SWEEP_API_I_H
/* sweep_api_i.h - what the areas about sweeps share. */
#include "api/run_api_i.h"
#include "bt/sweep.h"

/* The sweep of r->path, if the caller may do that to it. */
MUST_CHECK int api_sweep(struct api_req *r, enum action act, struct sweep *ret,
			 struct err *err);

#endif /* API_SWEEP_API_I_H */
