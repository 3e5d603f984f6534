#ifndef IND_IND_H
#define IND_IND_H
/* ind.h - technical indicators: one definition for batch and for stream.
 *
 * An indicator is a row of a table: its inputs (columns), parameters with
 * defaults and ranges, outputs, and a kernel that reads a block of bars and
 * carries its state to the next block.  One bar is a block of one.  Outputs
 * do not depend, to the bit, on how the bars are cut into blocks; a property
 * test holds every row to that.
 *
 * na is NaN.  What na in an input does is part of each definition (most
 * windows skip it and hold their last value; differences give na).  Work is
 * O(1) a bar, amortised, also for windows; O(log n) where values are ranked.
 * Window sums are built of partial sums of the window's own values only, so
 * nothing drifts however long the series is.
 *
 *	const struct ind_def *d = ind_find("ema");
 *	double p[IND_PARAMS_MAX];
 *	ind_defaults(d, p); p[0] = 20;
 *	rc = ind_new(out, d, p, &s, err);
 *	ind_run(s, in, ret, n);			as often as there are blocks
 *
 * ind_run allocates nothing. */
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"
#include "ind/bar.h"

#define IND_INPUTS_MAX	6
#define IND_PARAMS_MAX	6
#define IND_OUTPUTS_MAX	8
#define IND_LENGTH_MAX	5000	/* the longest window, and look-back */

enum ind_kind { IND_INT, IND_FLOAT, IND_BOOL };

struct ind_param {
	const char *name;
	enum ind_kind kind;
	double def, min, max;
};

/* How a row behaves where a script gives it a length that changes. */
enum ind_window {
	IND_RECURSIVE,	/* all history matters: the length must stay the same */
	IND_SKIPPING,	/* the last `length` values that are not na */
	IND_TIMED,	/* the last `length` bars */
};

struct ind_def {
	const char *name, *title;
	uint8_t n_in, n_param, n_out;
	const char *in[IND_INPUTS_MAX];	 /* "source", "high", ... */
	struct ind_param param[IND_PARAMS_MAX];
	const char *out[IND_OUTPUTS_MAX];
	enum ind_window window;		 /* with param[0] as its length */
	uint8_t extra;		/* bars of it beyond the length */
	size_t (*size)(const double *p);	/* bytes of state */
	void (*init)(void *s, const double *p); /* state is zeroed before */
	void (*run)(void *s, const double *const *in, double *const *ret,
		    size_t n);
};

extern const struct ind_def *const ind_table[];	/* sorted by name */
extern const size_t ind_table_n;
const struct ind_def *ind_find(const char *name);	/* NULL: no such row */
/* For what people write: other usual names too ("bollinger", "adx"), any case,
 * '_', '-' and "ta." or none.  NULL: no such row. */
const struct ind_def *ind_lookup(struct str name);
const char *ind_aliases(const struct ind_def *d);	/* words; or "" */
/* Names of rows that look like it, at most max. */
size_t ind_nearest(struct str name, const char **ret, size_t max);
/* The parameters somebody means by this word, as bits; 0: none.  More than one
 * where one word is meant for all, as "length" is for dmi. */
unsigned ind_params_named(const struct ind_def *d, struct str key);
void ind_defaults(const struct ind_def *d, double *ret_p);
/* -E_INVAL with the parameter's name and range in the sentence. */
MUST_CHECK int ind_check(const struct ind_def *d, const double *p,
			 struct err *err);

struct ind;		/* a running indicator */
MUST_CHECK int ind_new(struct arena *out, const struct ind_def *d,
		       const double *p, struct ind **ret, struct err *err);
/* n bars more.  in[k] and ret[k] are columns of n; none may overlap. */
void ind_run(struct ind *s, const double *const *in, double *const *ret,
	     size_t n);
void ind_restart(struct ind *s);	/* as new */
/* What it remembers, for going back to it: so many bytes; out, and in again. */
size_t ind_state_size(const struct ind *s);
void ind_state_save(const struct ind *s, void *ret);
void ind_state_load(struct ind *s, const void *from);

/* The same row with a length that may change from bar to bar: keeps the last
 * IND_LENGTH_MAX values and computes a window afresh.  Only for rows whose
 * `window` is not IND_RECURSIVE.  An na or impossible length gives na. */
struct ind_dyn;
MUST_CHECK int ind_dyn_new(struct arena *out, const struct ind_def *d,
			   struct ind_dyn **ret, struct err *err);
void ind_dyn_step(struct ind_dyn *s, const double *p, const double *in,
		  double *ret);
size_t ind_dyn_state_size(const struct ind_dyn *s);
void ind_dyn_state_save(const struct ind_dyn *s, void *ret);
void ind_dyn_state_load(struct ind_dyn *s, const void *from);

#endif /* IND_IND_H */
