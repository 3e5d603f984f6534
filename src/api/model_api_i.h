#ifndef API_MODEL_API_I_H
#define API_MODEL_API_I_H
/* model_api_i.h - what the areas about models share. */
#include "api/run_api_i.h"
#include "ml/registry.h"

extern const struct schema sc_model, sc_model_value;
void model_json(struct api_req *r, const struct model *m);
/* The model of r->path, if the caller may do that to it. */
MUST_CHECK int api_model(struct api_req *r, enum action act, struct model *ret,
			 struct err *err);
/* Puts the training of a row into the queue. */
MUST_CHECK int model_enqueue(struct api_req *r, uint64_t id, struct err *err);
/* The plan as text to be stored; NULL: too large. */
const char *model_spec_text(struct arena *out, const struct ml_plan *p);
void model_shared(struct api_req *r, void *arg);	/* for api_after() */

#endif /* API_MODEL_API_I_H */
