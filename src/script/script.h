#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H
/* script.h - the strategy language: check, compile, run bar by bar.
 *
 *	text -> script_compile -> program (immutable, shared by any number of
 *	machines) -> script_vm_new (inputs, market) -> one call per closed bar
 *
 * A program is a pure function of its inputs, the bars so far and what the
 * host says of the account: it knows no clock, no file, no network.  Running
 * it over columns and bar by bar is the same code and gives the same values
 * to the bit.  A bar costs no allocation (texts built while running live in
 * the machine's own bounded heap), at most `steps` steps and `memory` bytes;
 * beyond either the run ends with -E_LIMIT and the line in the sentence.
 *
 * Order of one bar: the host lets orders of earlier bars fill, fills in
 * struct strat_account, calls script_on_bar, gets the list of commands. */
#include "core/err.h"
#include "core/sbuf.h"
#include "ind/bar.h"
#include "json/json.h"
#include "script/host.h"
#include "script/strat.h"

/* --- Diagnostics ---------------------------------------------------- */

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };
struct diag {
	enum diag_severity severity;
	int line, col, end_col;		/* from 1; end_col is one past it */
	const char *code;		/* "SYNTAX", "TYPE", "UNSUPPORTED", ... */
	const char *msg;		/* what is wrong and what to do */
};
struct diags { struct diag *v; size_t n, size; };
const char *diag_severity_name(enum diag_severity s);

/* --- Programs ------------------------------------------------------- */

#define SCRIPT_SOURCE_MAX ((size_t)256 * 1024)

struct script_prog;
struct script_options {
	/* The defaults of initial_capital and order size where the script is
	 * silent: false = 1,000,000 and fixed 1; true = 100,000 and 100 % of
	 * equity (the newer set). */
	bool new_defaults;
	/* import user/name/version: the source of the library into *ret, which
	 * lives in `out`; other than 0: there is none.  NULL: there are none. */
	int (*library)(void *ctx, struct arena *out, struct str user, struct str name,
		       int version, struct str *ret);
	void *library_ctx;
};
/* -E_INVAL when there is an error among the diagnostics; *ret is then
 * untouched.  `opt` may be NULL.  Diagnostics are sorted by place. */
MUST_CHECK int script_compile(struct arena *out, const char *source, size_t n,
			      const struct script_options *opt,
			      const struct script_prog **ret,
			      struct diags *ret_diags, struct err *err);
/* The same text, laid out afresh: blanks change, never words or meaning. */
MUST_CHECK int script_format(struct arena *out, const char *source, size_t n,
			     const char **ret, struct err *err);

/* What strategy(...) declared, defaults filled in: in force, to be stored and
 * shown with every run. */
enum strat_qty_type { STRAT_QTY_FIXED, STRAT_QTY_CASH, STRAT_QTY_PERCENT };
enum strat_fee_type { STRAT_FEE_PERCENT, STRAT_FEE_PER_CONTRACT, STRAT_FEE_PER_ORDER };
struct strat_properties {
	const char *title, *shorttitle, *currency;
	int version;			/* of the language: 4, 5, 6 */
	bool is_strategy, is_library, overlay;
	double initial_capital, default_qty_value, commission_value;
	enum strat_qty_type default_qty_type;
	enum strat_fee_type commission_type;
	double margin_long, margin_short, risk_free_rate;
	int pyramiding, slippage, max_bars_back, fill_assumption_ticks;
	bool process_orders_on_close, calc_on_every_tick, calc_on_order_fills;
	bool close_any;		/* close_entries_rule = "ANY" */
	bool bar_magnifier, fill_on_standard_ohlc;
};
const struct strat_properties *script_properties(const struct script_prog *p);
void script_properties_json(struct jw *w, const struct strat_properties *p);
/* Identity, FNV-1a of the source: for logs and caches. */
uint64_t script_hash(const struct script_prog *p);
uint64_t script_hash_text(const char *source, size_t n);
/* The models that ml.*() names, each once; machines want all of them. */
size_t script_models(const struct script_prog *p, const char *const **ret);
/* The first comment line of the source, or "". */
const char *script_description(const struct script_prog *p);

enum script_input_type {
	INPUT_BOOL, INPUT_INT, INPUT_FLOAT, INPUT_STRING, INPUT_SOURCE,
	INPUT_COLOR, INPUT_TIMEFRAME, INPUT_SYMBOL, INPUT_SESSION, INPUT_TIME,
	INPUT_PRICE, INPUT_TEXT_AREA, INPUT_ENUM,
};
struct script_input {
	const char *name;	/* the variable it feeds; unique; the key */
	const char *title, *tooltip, *group, *inline_group;
	enum script_input_type type;
	double def;		/* bool, int, float, price, time, colour */
	const char *def_text;	/* string kinds, source, enum; else NULL */
	double min, max, step;	/* NaN: not given */
	const char *const *options_text;	/* NULL, or n_options of them */
	const double *options;
	size_t n_options;
	bool confirm;
};
size_t script_inputs(const struct script_prog *p, const struct script_input **ret);
const char *script_input_type_name(enum script_input_type t);
/* [{name,title,type,default,min,max,step,options,...}], for lists. */
void script_inputs_json(struct jw *w, const struct script_prog *p);
/* A JSON Schema (2020-12) of the inputs object, for forms. */
void script_inputs_schema(struct jw *w, const struct script_prog *p);

/* Values for the inputs.  Unknown names, wrong types and values out of range
 * are -E_INVAL with the input's name in the sentence. */
struct script_binding;
struct script_binding *script_bind(struct arena *out, const struct script_prog *p)
	NONNULL_RET;			/* all defaults */
MUST_CHECK int script_bind_json(struct script_binding *b, const struct json *obj,
				struct err *err);
MUST_CHECK int script_bind_text(struct script_binding *b, struct str name,
				struct str value, struct err *err);

/* --- Machines ------------------------------------------------------- */

struct script_market {
	const char *exchange, *symbol, *base, *quote, *description;
	const char *timeframe;		/* "1", "60", "240", "1D", "1W", "1M" */
	const char *timezone;		/* "Etc/UTC" when NULL */
	const char *session;		/* "1700-1700"; "24x7" when NULL */
	double mintick, pointvalue, lot;
	int64_t last_bar_index;		/* -1: not known, the newest is the last */
	int64_t last_bar_time;		/* 0: likewise */
	const struct script_series *series;
	size_t n_series;
	const struct script_column *columns;
	size_t n_columns;
	const struct script_model *models;
	size_t n_models;
	/* All bars of a run that is history, for lookahead_on of what they do
	 * not tell in time; NULL: there is no future, and that is refused. */
	const struct bars *ahead;
};
/* "1m", "15m", "1h", "4h", "1d", "1w" to the language's own name; NULL when
 * it is neither. */
const char *script_timeframe(struct arena *out, const char *tf);

/* What to add to UTC in a zone ("America/New_York", "UTC-5") at a moment, ms;
 * false: no such zone. */
bool script_zone_offset(struct str zone, int64_t utc_ms, int64_t *ret);
/* When the day of a session ("0930-1600", "24x7": midnight) begins, ms after
 * midnight of its zone; false: not a session. */
bool script_session_start(const char *session, int64_t *ret);

struct script_limits {
	uint64_t steps;			/* a bar; 0 = the default of 2 million */
	size_t memory;			/* bytes; 0 = the default of 64 MiB */
	struct script_share *share;	/* NULL: all is computed */
};
/* Columns that machines of one program over the same bars have in common are
 * computed once and kept, in at most `memory` bytes.  The machines run one
 * after another, from the first bar on; what they give is the same to the bit. */
struct script_share *script_share_new(struct arena *out, const struct bars *bars,
				      size_t memory) NONNULL_RET;
bool script_share_fits(const struct script_share *s, const struct bars *b);

struct script_vm;
/* `prog`, `b` and `m` must outlive it.  b may be NULL: all defaults. */
MUST_CHECK int script_vm_new(struct arena *out, const struct script_prog *prog,
			     const struct script_binding *b,
			     const struct script_market *m,
			     const struct script_limits *lim,
			     struct script_vm **ret, struct err *err);
/* One closed bar.  -E_INVAL: the script called runtime.error or did what it
 * must not (line in the sentence); -E_LIMIT: too many steps, too much memory.
 * After a failure the machine is spent. */
MUST_CHECK int script_on_bar(struct script_vm *vm, const struct bar *b,
			     const struct strat_account *acct,
			     struct strat_cmds *ret, struct err *err);

/* The same over columns: announce up to SCRIPT_BLOCK bars, whose pure series
 * are then computed at once, and step through them. */
#define SCRIPT_BLOCK ((size_t)512)
MUST_CHECK int script_block(struct script_vm *vm, const struct bars *b,
			    struct err *err);
MUST_CHECK int script_step(struct script_vm *vm,
			   const struct strat_account *acct,
			   struct strat_cmds *ret, struct err *err);
/* Announced bars, from the next one on, on which this program does nothing
 * whatever its account says: no command, no note, nothing remembered.  Hosts
 * may script_skip() up to so many of them; the result is the same. */
size_t script_idle(struct script_vm *vm);
void script_skip(struct script_vm *vm, size_t n);
/* All of it, for callers without a broker loop of their own: fn is called
 * after each bar with its commands and may change *acct for the next one;
 * other than 0 ends the run and is returned. */
typedef int script_bar_fn(void *ctx, size_t i, const struct strat_cmds *cmds,
			  struct strat_account *acct, struct err *err);
MUST_CHECK int script_run_columns(struct script_vm *vm, const struct bars *b,
				  struct strat_account *acct,
				  script_bar_fn *fn, void *ctx, struct err *err);

/* --- What the last bar left ----------------------------------------- */

enum script_plot_kind {
	PLOT_LINE, PLOT_HISTOGRAM, PLOT_AREA, PLOT_COLUMNS, PLOT_CIRCLES,
	PLOT_CROSS, PLOT_STEP, PLOT_SHAPE, PLOT_CHAR, PLOT_ARROW, PLOT_HLINE,
	PLOT_BGCOLOR, PLOT_BARCOLOR,
};
struct script_plot {
	const char *title;
	enum script_plot_kind kind;
	uint32_t color;		/* 0xAARRGGBB where it is fixed, else 0 */
	bool overlay;
};
size_t script_plots(const struct script_prog *p, const struct script_plot **ret);
const char *script_plot_kind_name(enum script_plot_kind k);
/* One value per plot: NaN is na; colours are 0xAARRGGBB as numbers. */
void script_plot_values(const struct script_vm *vm, double *ret);
/* {"names":[{name,kind,color,overlay}]} is made of script_plots by hosts. */

/* The drawings there are after the last bar: [{kind,...fields that are set}]. */
void script_drawings_json(struct jw *w, const struct script_vm *vm, struct arena *tmp);

struct script_note {		/* alert(), alertcondition(), log.*() */
	enum { NOTE_ALERT, NOTE_INFO, NOTE_WARNING, NOTE_ERROR } kind;
	const char *text;	/* until the next bar */
	int line;
};
size_t script_notes(const struct script_vm *vm, const struct script_note **ret);
size_t script_bars(const struct script_vm *vm);	/* seen so far */

/* --- Starter strategies, part of the binary -------------------------- */

/* The explanation is Markdown, "" when there is none. */
struct script_starter { const char *name, *source, *explanation; };
extern const struct script_starter script_starters[];
extern const size_t script_starters_n;

#endif /* SCRIPT_SCRIPT_H */
