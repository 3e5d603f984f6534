#ifndef PROG_JOB_MODEL_H
#define PROG_JOB_MODEL_H
/* job_model.h - the jobs about models: training (job_model.c), and watching
 * over those in use (job_model_watch.c). */
#include "ml/registry.h"
#include "prog/jobs.h"

/* Closed candles [from, to) of the model's market, and before them what its
 * features need to begin. */
MUST_CHECK int model_bars(struct arena *out, struct db *db, const struct model *m,
			  const struct ml_plan *p, int64_t from, int64_t to,
			  struct bars *ret, struct err *err);

/* A model that was trained anew against the one it may replace, on the new
 * one's test: the verdict with a sentence about it. */
const char *model_against_parent(const struct job_env *e, const struct model *m,
				 const struct ml_trained *k, const char *verdict);
/* Takes the parent's place if its verdict says that it is better. */
MUST_CHECK int model_succeed(const struct job_env *e, const struct model *m,
			     struct err *err);

#endif /* PROG_JOB_MODEL_H */
