#ifndef PROG_CTL_BARS_H
#define PROG_CTL_BARS_H
/* ctl_bars.h - scripts and candles for the subcommands that run strategies:
 * from files or from the store, with the market's numbers. */
#include "market/table.h"
#include "prog/ctl.h"
#include "script/script.h"

struct ctl_bars {
	const char *candles, *market;	/* FILE or EX:PAIR:TF: one of them */
	const char *symbol;		/* of a file's candles; may be NULL */
	const char *timezone, *session;	/* of the exchange; may be NULL */
	struct ctl_texts data;		/* SYMBOL[:TF]=FILE: more of them */
	struct ctl_texts models;	/* NAME=FILE: what ml.*() asks */
	bool in_sample;			/* of candles they have learned from too */
	int64_t from, to;
	double tick, lot;		/* NaN: the market's, or as guessed */
};
#define CTL_BARS_NONE { .from = INT64_MIN, .to = INT64_MAX, .tick = NAN, .lot = NAN }
/* What is wrong with the options, or NULL. */
const char *ctl_bars_wrong(const struct ctl_bars *o);
MUST_CHECK int ctl_bars_load(struct ctl *c, const struct ctl_bars *o,
			     struct bars *ret, struct script_market *ret_m,
			     struct err *err);

/* The models that the script asks, over the bars, into m; *ret lives as long. */
struct bt_models;
MUST_CHECK int ctl_models(struct ctl *c, const struct ctl_bars *o,
			  const struct script_prog *prog, const struct bars *b,
			  struct script_market *m, const struct bt_models **ret,
			  struct err *err);
void bars_of(struct bars *ret, const struct bars_cols *b);
void bars_cut(struct bars *b, int64_t from, int64_t to);
/* The timeframe the candles are of, by their smallest distance. */
const char *bars_timeframe(const struct bars *b);

/* A text file of at most SCRIPT_SOURCE_MAX bytes. */
MUST_CHECK int ctl_read_text(struct arena *out, const char *path,
			     const char **ret, size_t *ret_n, struct err *err);
/* The text to a file, or to stdout for "-"; an exit status. */
MUST_CHECK int ctl_save(struct ctl *c, const char *path, const struct sbuf *b);
/* script_options.library over files; ctx: the path of the script. */
int ctl_library(void *ctx, struct arena *out, struct str user, struct str name,
		int version, struct str *ret);
/* The script of a file, its diagnostics on stderr. */
MUST_CHECK int ctl_compile(struct ctl *c, const char *path,
			   const struct script_options *opt,
			   const struct script_prog **ret, struct err *err);
/* --set NAME=VALUE... */
MUST_CHECK int ctl_bind(struct ctl *c, const struct script_prog *prog,
			const struct ctl_texts *set,
			struct script_binding **ret, struct err *err);

#endif /* PROG_CTL_BARS_H */
