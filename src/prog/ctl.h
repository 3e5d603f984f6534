#ifndef PROG_CTL_H
#define PROG_CTL_H
/* ctl.h - what the subcommands of orchctl share.
 *
 * A subcommand is one function and one line in ctl_list.h:
 *
 *	X(candles, ctl_candles, "import, list, export candles")
 *
 *	int ctl_candles(struct ctl *c)
 *	{
 *		static const struct ctl_sub subs[] = {
 *			{ "import", candles_import, "FILE...", "read files" },
 *			{ 0 } };
 *		return ctl_dispatch(c, subs);
 *	}
 *	static int candles_import(struct ctl *c)
 *	{
 *		const char *market = NULL;
 *		bool dry = false;
 *		const struct ctl_opt opts[] = {
 *			{ "market", 'm', CTL_TEXT, &market, "SYMBOL", "..." },
 *			{ "dry-run", 'n', CTL_FLAG, &dry, NULL, "..." },
 *			{ 0 } };
 *		struct err err;
 *		int status;
 *
 *		if (!ctl_parse(c, opts, "FILE...", 1, CTL_MANY, &status))
 *			return status;
 *		... c->argv[0] ... c->argv[c->argc - 1] are the files ...
 *		if (import(...) < 0)
 *			return ctl_fail(c, &err);
 *		return 0;
 *	}
 *
 * It returns an exit status of sysexits.h.  Results go to stdout, everything
 * else to stderr.  --help, --config FILE and --quiet are understood by all. */
#include <sysexits.h>

#include "conf/conf.h"

struct ctl {
	struct arena *arena;		/* lives until the program ends */
	char name[80];			/* "orchctl candles import" */
	const char *conf_path;		/* --config; NULL: not given */
	const struct conf *conf;	/* after ctl_conf() */
	bool quiet;
	int argc;			/* what is not parsed yet; after */
	char **argv;			/* ctl_parse() the operands */
};

typedef int ctl_fn(struct ctl *c);

struct ctl_sub {
	const char *name;
	ctl_fn *fn;
	const char *args;		/* "FILE...", for the usage; or NULL */
	const char *help;		/* one line */
};
/* Run the subcommand that argv[0] names, or say which there are. */
int ctl_dispatch(struct ctl *c, const struct ctl_sub *subs);

enum ctl_type {
	CTL_FLAG,	/* bool: no argument */
	CTL_TEXT,	/* const char * */
	CTL_INT,	/* int64_t within lo..hi, when hi > lo */
	CTL_TIME,	/* int64_t milliseconds, see time_parse() */
	CTL_NUM,	/* double within lo..hi, when hi > lo */
	CTL_LIST,	/* struct ctl_texts: may be given again and again */
};
#define CTL_TEXTS_MAX 128
struct ctl_texts { const char *v[CTL_TEXTS_MAX]; size_t n; };
struct ctl_opt {
	const char *name;		/* "dry-run" for --dry-run */
	char letter;			/* 'n' for -n; 0: none */
	enum ctl_type type;
	void *to;			/* untouched when not given */
	const char *arg;		/* "FILE", for the usage */
	const char *help;
	int64_t lo, hi;
};
#define CTL_MANY 100000
/* Options anywhere, `--` ends them; then least..most operands must be left.
 * False: stop and return *ret_status (help was asked for, or a sentence about
 * the mistake was printed).  `operands` is for the usage line; may be NULL. */
MUST_CHECK bool ctl_parse(struct ctl *c, const struct ctl_opt *opts,
			  const char *operands, int least, int most,
			  int *ret_status);

/* Load the settings into c->conf; false with *ret_status after a sentence. */
MUST_CHECK bool ctl_conf(struct ctl *c, int *ret_status);
/* "orchctl candles import: <sentence>" and the status that fits the code. */
int ctl_fail(const struct ctl *c, const struct err *err);
int ctl_status(enum errc code);
/* The same for a mistake in the arguments: EX_USAGE. */
int ctl_usage(const struct ctl *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* To stderr unless --quiet. */
void ctl_say(const struct ctl *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The text to stdout; EX_IOERR with a sentence when that fails. */
MUST_CHECK int ctl_print(const struct ctl *c, const struct sbuf *b);

/* A bar on stderr when that is a terminal and --quiet is not given. */
struct ctl_progress {
	bool on;
	const char *what;
	uint64_t total;			/* 0: not known */
	int64_t start_ns, shown_ns;
};
void ctl_progress_start(struct ctl_progress *p, const struct ctl *c,
			const char *what, uint64_t total);
void ctl_progress_at(struct ctl_progress *p, uint64_t done);	/* cheap */
void ctl_progress_end(struct ctl_progress *p);			/* wipes the bar */

#define X(name, fn, help) ctl_fn fn;
#include "prog/ctl_list.h"
#undef X

#endif /* PROG_CTL_H */
