#ifndef API_BACKTEST_API_I_H
#define API_BACKTEST_API_I_H
/* backtest_api_i.h - what the areas about stored backtests share. */
#include "api/strategy_api_i.h"
#include "auth/auth.h"
#include "bt/store.h"

/* The backtest of r->path, if the caller may do that to it. */
MUST_CHECK int api_backtest(struct api_req *r, enum action act,
			    struct backtest *ret, struct err *err);
/* A list of texts as JSON, checked; NULL elements: []. */
MUST_CHECK int api_tags(struct api_req *r, const struct list_in *in,
			const char **ret, struct err *err);
/* What there is of the candles that were asked for (NULL: all). */
MUST_CHECK int api_range(struct api_req *r, const struct market_info *m, enum tf tf,
			 const int64_t *from, const int64_t *to, int64_t *ret_from,
			 int64_t *ret_to, struct err *err);
/* Not too many finer candles either; detail 0: none are asked for. */
MUST_CHECK int api_detail(struct api_req *r, enum tf detail, int64_t from, int64_t to,
			  struct err *err);
extern const struct schema sc_strategy_ref;
/* A JSON object as it came, or "{}". */
const char *api_json_text(struct api_req *r, const struct json *j);

#endif /* API_BACKTEST_API_I_H */
