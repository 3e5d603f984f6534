#ifndef API_RUN_API_I_H
#define API_RUN_API_I_H
/* run_api_i.h - what backtests and sweeps have in common: how they are asked
 * for, listed and named. */
#include "api/backtest_api_i.h"

extern const char *const run_states[];

struct run_patch_in {
	struct str name, notes;
	struct list_in tags;
	bool has_tags;
};
extern const struct params run_patch_body;
/* What r->body says, into the three; the rest stays. */
MUST_CHECK int run_patch(struct api_req *r, const char **name, const char **notes,
			 const char **tags, struct err *err);

extern const struct params run_list_query;
/* r->query as the stores take it; ret->limit is one more than a page. */
void run_filter(struct api_req *r, struct bt_filter *ret);

/* Either a stored strategy or a text. */
struct run_source { uint64_t id; const char *name; struct str source; };
MUST_CHECK int run_source(struct api_req *r, uint64_t strategy_id,
			  struct str source, struct run_source *ret,
			  struct err *err);

struct run_refs {
	uint64_t strategy_id, market_id;	/* strategy 0: null */
	const char *strategy, *exchange, *symbol;
};
void run_refs_json(struct jw *w, const struct run_refs *v);
void json_or_null(struct jw *w, const char *key, const char *json);
void time_or_null(struct jw *w, const char *key, bool has, int64_t t);

#endif /* API_RUN_API_I_H */
