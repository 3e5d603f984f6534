#ifndef BT_OPT_RUN_I_H
#define BT_OPT_RUN_I_H
/* opt_run_i.h - inside the search: runs and what is kept of them. */
#include "bt/opt.h"

/* Bars [from, to) with these inputs (JSON); those before `test` only feed the
 * strategy, and the result is of those from there on. */
MUST_CHECK int opt_run(struct arena *out, const struct opt_data *d,
		       const char *inputs, size_t from, size_t to, size_t test,
		       struct bt_result *ret, struct err *err);
/* Returns of days, or of bars (opt.h); *ret_year of them make a year. */
size_t opt_returns(struct arena *out, const struct bt_result *r, double **ret,
		   double *ret_year);
bool opt_in_days(int64_t span);
MUST_CHECK int opt_bind(struct arena *tmp, const struct opt_data *d, const char *inputs,
			struct script_binding *b, struct err *err);
MUST_CHECK int opt_point_text(struct arena *out, const struct opt_spec *s,
			      const double *point, const char **ret, struct err *err);
bool opt_wants(const struct opt_spec *s, const char *metric);
/* From the stats; what nobody asked for becomes NaN. */
void opt_score(const struct opt_spec *s, struct opt_trial *t);
void opt_no_stats(struct bt_stats *s);

#endif /* BT_OPT_RUN_I_H */
