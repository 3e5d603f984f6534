#include "config.h"

#include "script/lib_i.h"

const char *diag_severity_name(enum diag_severity s)
{
	switch (s) {
	case DIAG_ERROR: return "error";
	case DIAG_WARNING: return "warning";
	case DIAG_NOTE: return "note";
	}
	return "?";
}

const char *strat_kind_name(enum strat_kind k)
{
	static const char *const names[] = { "entry", "order", "exit", "close",
		"close_all", "cancel", "cancel_all", "risk.allow_entry_in",
		"risk.max_cons_loss_days", "risk.max_drawdown",
		"risk.max_intraday_filled_orders", "risk.max_intraday_loss",
		"risk.max_position_size" };

	assert((size_t)k < ARRAY_LEN(names));
	return names[k];
}

const char *script_plot_kind_name(enum script_plot_kind k)
{
	static const char *const names[] = { "line", "histogram", "area", "columns",
		"circles", "cross", "step", "shape", "char", "arrow", "hline",
		"bgcolor", "barcolor" };

	assert((size_t)k < ARRAY_LEN(names));
	return names[k];
}

const char *script_input_type_name(enum script_input_type t)
{
	static const char *const names[] = { "bool", "int", "float", "string", "source",
		"color", "timeframe", "symbol", "session", "time", "price", "text_area",
		"enum" };

	assert((size_t)t < ARRAY_LEN(names));
	return names[t];
}

/* Stable order: by place, then as they came. */
static void sort_diags(struct diags *d)
{
	for (size_t i = 1; i < d->n; i++) {
		struct diag x = d->v[i];
		size_t k = i;

		while (k > 0 && (d->v[k - 1].line > x.line ||
				 (d->v[k - 1].line == x.line && d->v[k - 1].col > x.col))) {
			d->v[k] = d->v[k - 1];
			k--;
		}
		d->v[k] = x;
	}
	/* what is said of one place twice is said once */
	for (size_t i = 1; i < d->n; )
		if (d->v[i].line == d->v[i - 1].line && d->v[i].col == d->v[i - 1].col &&
		    strcmp(d->v[i].msg, d->v[i - 1].msg) == 0)
			memmove(&d->v[i], &d->v[i + 1], (--d->n - i) * sizeof(*d->v));
		else
			i++;
}

void gen_fixed_columns(struct gen *g)
{
	for (int i = 0; i < COL__FIXED; i++)
		col_new(g, i >= COL_TIME ? &ty_int : &ty_float, 1);
	reg_new(g, 0);			/* register 0: operands not used */
}

void gen_lay_out(struct gen *g, struct buf *bar)
{
	struct script_prog *p = g->p;

	g->cur = &g->before;
	buf_append(g, bar);
	emit(g, in_halt, 0, 0, 0, 0);
	*bar = g->before;
	g->cur = &g->init;
	emit(g, in_halt, 0, 0, 0, 0);
	p->bar = (struct code){ bar->code.v, bar->code.n, bar->code.size };
	p->init = (struct code){ g->init.code.v, g->init.code.n, g->init.code.size };
	p->lines.v = bar->lines.v;
	p->lines.n = bar->lines.n;
}

static void generate(struct comp *c, struct script_prog *p, const struct ast *root,
		     const struct script_options *opt)
{
	struct gen *g = NEW(c->tmp, struct gen);
	struct buf bar = { 0 };
	const struct ast *n;

	g->c = c;
	g->p = p;
	g->opt = opt;
	g->cur = &bar;
	g->scope = &g->global;
	script_defaults(&p->props, opt);
	p->props.version = c->version;
	p->props.margin_long = p->props.margin_short = c->version >= 6 ? 100 : 0;
	gen_fixed_columns(g);
	gen_survey(g, root);
	g->root = root;
	for (size_t i = 0; i < root->n; i++) {
		g->stmt = i;
		n = root->v[i];
		gen_stmt(g, n, false);
	}
	if (!g->declared && c->errors == 0)
		diag_add(c, DIAG_ERROR, 1, 1, 2, "DECLARATION", "the script does not say "
			 "what it is: begin with strategy(\"name\") or "
			 "indicator(\"name\")");
	gen_lay_out(g, &bar);
}

static const char *first_comment(struct arena *out, struct str src)
{
	struct str line, t;

	while (str_split(&src, '\n', &line)) {
		t = str_trim(line);
		if (t.n == 0)
			continue;
		if (!str_starts(t, "//"))
			break;
		t = str_trim(str_n(t.p + 2, t.n - 2));
		if (t.n > 0 && t.p[0] != '@' && !str_contains(t, "Public License"))
			return str_dup(out, t);
	}
	return "";
}

uint64_t script_hash_text(const char *source, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)source[i]) * 0x100000001b3u;
	return h;
}

static void check_source(struct comp *c)
{
	if (!c->version_seen) {
		c->version = 6;
		diag_add(c, DIAG_WARNING, 1, 1, 2, "VERSION", "no //@version: read as "
			 "version 6; say //@version=5 or 4 for an older script");
	}
}

int script_compile(struct arena *out, const char *source, size_t n,
		   const struct script_options *opt, const struct script_prog **ret,
		   struct diags *ret_diags, struct err *err)
{
	struct diags d = { 0 };
	struct script_prog *p = NEW(out, struct script_prog);

	*ret_diags = d;
	if (n > SCRIPT_SOURCE_MAX)
		return FAIL(err, E_INVAL, "the script has %zu bytes; at most %zu are read",
			    n, SCRIPT_SOURCE_MAX);
	SCOPE(tmp, out) {
		struct comp c = { .out = out, .tmp = tmp, .src = str_n(source, n),
				  .version = 6, .diags = &d };
		struct tokens toks = { 0 };
		struct ast *root;

		if (!str_utf8_valid(c.src) || memchr(source, '\0', n) != NULL)
			diag_add(&c, DIAG_ERROR, 1, 1, 2, "ENCODING",
				 "the script is not UTF-8 text");
		if (c.errors == 0) {
			lex(&c, &toks);
			check_source(&c);
			root = parse(&c, &toks);
			/* Types are checked even after syntax errors, for the
			 * parts that could be read. */
			generate(&c, p, root, opt);
		}
		sort_diags(&d);
		*ret_diags = d;
		if (c.errors > 0) {
			for (size_t i = 0; i < d.n; i++)
				if (d.v[i].severity == DIAG_ERROR)
					return FAIL(err, E_INVAL, "line %d: %s",
						    d.v[i].line, d.v[i].msg);
			return FAIL(err, E_INVAL, "the script has errors");
		}
	}
	p->magic = PROG_MAGIC;
	p->hash = script_hash_text(source, n);
	for (size_t i = 0; i < p->subs.n; i++)
		p->subs.v[i].p->hash = p->hash;
	p->description = first_comment(out, str_n(source, n));
	*ret = p;
	return 0;
}

const struct strat_properties *script_properties(const struct script_prog *p)
{
	return &p->props;
}

uint64_t script_hash(const struct script_prog *p) { return p->hash; }
const char *script_description(const struct script_prog *p) { return p->description; }

size_t script_inputs(const struct script_prog *p, const struct script_input **ret)
{
	*ret = p->inputs.v;
	return p->inputs.n;
}

size_t script_plots(const struct script_prog *p, const struct script_plot **ret)
{
	*ret = p->plots.v;
	return p->plots.n;
}

const char *script_timeframe(struct arena *out, const char *tf)
{
	static const char units[] = "smhdwM";
	size_t n = strlen(tf);
	uint64_t k;
	const char *u = n > 1 ? strchr(units, tf[n - 1]) : NULL;

	if (tf_text_ms(str_c(tf)) >= 0)
		return arena_strdup(out, tf);
	if (u == NULL || !str_u64(str_n(tf, n - 1), &k) || k == 0 || k > 10000)
		return NULL;
	switch (*u) {
	case 's': return arena_printf(out, "%lluS", (unsigned long long)k);
	case 'm': return arena_printf(out, "%llu", (unsigned long long)k);
	case 'h': return arena_printf(out, "%llu", (unsigned long long)k * 60);
	case 'd': return arena_printf(out, "%lluD", (unsigned long long)k);
	case 'w': return arena_printf(out, "%lluW", (unsigned long long)k);
	default: return arena_printf(out, "%lluM", (unsigned long long)k);
	}
}
