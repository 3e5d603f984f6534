#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "prog/ctl_bars.h"
#include "script/script.h"

/* The whole file, or standard input for "-"; NUL behind it. */
static int read_script(struct ctl *c, const char *path, struct str *ret, struct err *err)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char *buf;
	size_t n;
	bool bad;

	if (f == NULL)
		return FAIL(err, E_IO, "%s: %s", path, strerror(errno));
	buf = arena_alloc(c->arena, SCRIPT_SOURCE_MAX + 2);
	n = fread(buf, 1, SCRIPT_SOURCE_MAX + 1, f);
	bad = ferror(f) != 0;
	if (f != stdin)
		fclose(f);
	if (bad)
		return FAIL(err, E_IO, "%s: %s", path, strerror(errno));
	if (n > SCRIPT_SOURCE_MAX)
		return FAIL(err, E_INVAL, "%s: a script has at most %zu bytes", path,
			    SCRIPT_SOURCE_MAX);
	*ret = str_n(buf, n);
	return 0;
}

static struct str line_of(struct str src, int line)
{
	struct str l = { "", 0 };

	for (int i = 0; i < line && str_split(&src, '\n', &l); i++)
		;
	while (l.n > 0 && l.p[l.n - 1] == '\r')
		l.n--;
	return l;
}

/* file:line:col: severity: message [code], the line, and a mark below it. */
static void show(struct sbuf *b, const char *path, struct str src, const struct diag *d)
{
	struct str l = line_of(src, d->line);
	int end = d->end_col > (int)l.n + 1 ? (int)l.n + 1 : d->end_col;

	sbuf_addf(b, "%s:%d:%d: %s: %s [%s]\n", path, d->line, d->col,
		  diag_severity_name(d->severity), d->msg, d->code);
	if (l.n == 0 || l.n > 500)
		return;
	sbuf_addf(b, "%5d | %.*s\n      | ", d->line, STR_ARG(l));
	for (int i = 1; i < d->col && i <= (int)l.n; i++)
		sbuf_add(b, l.p[i - 1] == '\t' ? "\t" : " ", 1);
	sbuf_add(b, "^", 1);
	for (int i = d->col + 1; i < end; i++)
		sbuf_add(b, "~", 1);
	sbuf_add(b, "\n", 1);
}

static int check_one(struct ctl *c, const char *path, bool *ret_bad)
{
	const struct script_prog *p;
	struct err err;
	struct str src;
	struct diags d;
	struct sbuf b;
	struct script_options opt = { .library = ctl_library };
	int status;

	if (read_script(c, path, &src, &err) < 0)
		return ctl_fail(c, &err);
	opt.library_ctx = arena_strdup(c->arena, path);
	if (script_compile(c->arena, src.p, src.n, &opt, &p, &d, &err) < 0)
		*ret_bad = true;
	sbuf_init(&b, c->arena, (size_t)1 << 20);
	for (size_t i = 0; i < d.n; i++)
		show(&b, path, src, &d.v[i]);
	status = ctl_print(c, &b);
	if (status == 0 && d.n == 0)
		ctl_say(c, "%s: no fault", path);
	return status;
}

static int strategy_check(struct ctl *c)
{
	bool bad = false;
	int status;

	if (!ctl_parse(c, NULL, "FILE...", 1, CTL_MANY, &status))
		return status;
	for (int i = 0; i < c->argc; i++) {
		status = check_one(c, c->argv[i], &bad);
		if (status != 0)
			return status;
	}
	return bad ? EX_DATAERR : EX_OK;
}

static int strategy_inputs(struct ctl *c)
{
	bool schema = false;
	const struct ctl_opt opts[] = {
		{ "schema", 's', CTL_FLAG, &schema, NULL, "as a JSON Schema", 0, 0 },
		{ 0 },
	};
	const struct script_prog *p;
	struct err err;
	struct str src;
	struct diags d;
	struct sbuf b;
	struct jw w;
	int status;

	if (!ctl_parse(c, opts, "FILE", 1, 1, &status))
		return status;
	if (read_script(c, c->argv[0], &src, &err) < 0)
		return ctl_fail(c, &err);
	if (script_compile(c->arena, src.p, src.n, NULL, &p, &d, &err) < 0) {
		err_wrap(&err, "%s", c->argv[0]);
		return ctl_fail(c, &err);
	}
	sbuf_init(&b, c->arena, (size_t)4 << 20);
	jw_init(&w, &b);
	if (schema)
		script_inputs_schema(&w, p);
	else
		script_inputs_json(&w, p);
	sbuf_add(&b, "\n", 1);
	return ctl_print(c, &b);
}

static int strategy_fmt(struct ctl *c)
{
	bool write = false;
	const struct ctl_opt opts[] = {
		{ "write", 'w', CTL_FLAG, &write, NULL, "change the file itself", 0, 0 },
		{ 0 },
	};
	const char *text, *tmp;
	struct err err;
	struct str src;
	struct sbuf b;
	FILE *f;
	int status;

	if (!ctl_parse(c, opts, "FILE", 1, 1, &status))
		return status;
	if (read_script(c, c->argv[0], &src, &err) < 0)
		return ctl_fail(c, &err);
	if (script_format(c->arena, src.p, src.n, &text, &err) < 0) {
		err_wrap(&err, "%s", c->argv[0]);
		return ctl_fail(c, &err);
	}
	if (!write) {
		sbuf_init(&b, c->arena, (size_t)1 << 20);
		sbuf_add(&b, text, strlen(text));
		return ctl_print(c, &b);
	}
	/* the old text stays until the new one is whole */
	tmp = arena_printf(c->arena, "%s.new", c->argv[0]);
	f = fopen(tmp, "wb");
	if (f == NULL || fputs(text, f) == EOF || fclose(f) == EOF ||
	    rename(tmp, c->argv[0]) < 0) {
		FAIL(&err, E_IO, "%s: %s", tmp, strerror(errno));
		return ctl_fail(c, &err);
	}
	return EX_OK;
}

int ctl_strategy(struct ctl *c)
{
	static const struct ctl_sub subs[] = {
		{ "check", strategy_check, "FILE...", "say what is wrong in scripts" },
		{ "inputs", strategy_inputs, "FILE", "print a script's inputs as JSON" },
		{ "fmt", strategy_fmt, "FILE", "lay a script out afresh" },
		{ 0 },
	};

	return ctl_dispatch(c, subs);
}
