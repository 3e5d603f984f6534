#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "prog/ctl.h"

#define SHOW_EVERY_NS INT64_C(100000000)
#define BAR_WIDTH 30

int ctl_status(enum errc code)
{
	switch (code) {
	case E_OK:
		return EX_OK;
	case E_INVAL:
	case E_CONFLICT:
	case E_TOOBIG:
	case E_MEDIA:
	case E_UNPROCESSABLE:
	case E_LIMIT:		/* of a script: again would be the same */
		return EX_DATAERR;
	case E_UNAUTH:
	case E_DENIED:
		return EX_NOPERM;
	case E_NOTFOUND:
		return EX_NOINPUT;
	case E_IO:
		return EX_IOERR;
	case E_DB:
	case E_EXCHANGE:
		return EX_UNAVAILABLE;
	case E_BUSY:
	case E_TIMEOUT:
	case E_UNCERTAIN:
		return EX_TEMPFAIL;
	case E_BUG:
	case E__MAX:
		break;
	}
	return EX_SOFTWARE;
}

int ctl_fail(const struct ctl *c, const struct err *err)
{
	fprintf(stderr, "%s: %s\n", c->name, err->msg);
	return ctl_status(err->code);
}

int ctl_usage(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", c->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (see %s --help)\n", c->name);
	return EX_USAGE;
}

void ctl_say(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int ctl_print(const struct ctl *c, const struct sbuf *b)
{
	const char *text = sbuf_finish(b);

	if (text == NULL) {
		fprintf(stderr, "%s: the answer is over %zu bytes\n", c->name,
			b->max);
		return EX_SOFTWARE;
	}
	if (fwrite(text, 1, b->len, stdout) != b->len || fflush(stdout) != 0) {
		fprintf(stderr, "%s: standard output: %s\n", c->name,
			strerror(errno));
		return EX_IOERR;
	}
	return EX_OK;
}

bool ctl_conf(struct ctl *c, int *ret_status)
{
	struct conf *conf;
	struct err err;

	if (c->conf != NULL)
		return true;
	if (conf_load(c->arena, c->conf_path, &conf, &err) < 0) {
		fprintf(stderr, "%s: %s\n", c->name, err.msg);
		*ret_status = EX_CONFIG;
		return false;
	}
	c->conf = conf;
	return true;
}

static void print_opt(const struct ctl_opt *o)
{
	char head[80];

	snprintf(head, sizeof(head), "%c%c%s--%s%s%s", o->letter ? '-' : ' ',
		 o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
		 o->type == CTL_FLAG ? "" : " ",
		 o->type == CTL_FLAG ? "" : o->arg);
	printf("  %-28s %s\n", head, o->help);
}

static const struct ctl_opt common_opts[] = {
	{ "config", 'c', CTL_TEXT, NULL, "FILE", "the settings file", 0, 0 },
	{ "quiet", 'q', CTL_FLAG, NULL, NULL, "no progress, no remarks", 0, 0 },
	{ "help", 'h', CTL_FLAG, NULL, NULL, "this text", 0, 0 },
	{ 0 },
};

static void print_help(const struct ctl *c, const struct ctl_opt *opts,
		       const char *operands)
{
	printf("usage: %s [option...]%s%s\n\n", c->name,
	       operands != NULL ? " " : "", operands != NULL ? operands : "");
	for (; opts != NULL && opts->name != NULL; opts++)
		print_opt(opts);
	for (opts = common_opts; opts->name != NULL; opts++)
		print_opt(opts);
}

static const struct ctl_opt *find_opt(const struct ctl_opt *opts, struct str name,
				      bool letter)
{
	for (; opts != NULL && opts->name != NULL; opts++)
		if (letter ? opts->letter != 0 && name.p[0] == opts->letter :
			     str_eqc(name, opts->name))
			return opts;
	return NULL;
}

static bool set_num(struct ctl *c, const struct ctl_opt *o, const char *v)
{
	double x;

	if (!str_double(str_c(v), &x) || (o->hi > o->lo &&
	    (x < (double)o->lo || x > (double)o->hi))) {
		if (o->hi > o->lo)
			ctl_usage(c, "--%s %s: not a number from %" PRId64
				  " to %" PRId64, o->name, v, o->lo, o->hi);
		else
			ctl_usage(c, "--%s %s: not a number", o->name, v);
		return false;
	}
	*(double *)o->to = x;
	return true;
}

static bool set_list(struct ctl *c, const struct ctl_opt *o, const char *v)
{
	struct ctl_texts *list = o->to;

	if (list->n == CTL_TEXTS_MAX) {
		ctl_usage(c, "--%s: given more than %d times", o->name,
			  CTL_TEXTS_MAX);
		return false;
	}
	list->v[list->n++] = v;
	return true;
}

static bool set_opt(struct ctl *c, const struct ctl_opt *o, const char *v)
{
	int64_t n;

	if (o->to == NULL) {	/* one of common_opts, not --help */
		if (o->type == CTL_FLAG)
			c->quiet = true;
		else
			c->conf_path = v;
		return true;
	}
	switch (o->type) {
	case CTL_FLAG:
		*(bool *)o->to = true;
		return true;
	case CTL_TEXT:
		*(const char **)o->to = v;
		return true;
	case CTL_INT:
		if (!str_i64(str_c(v), &n) ||
		    (o->hi > o->lo && (n < o->lo || n > o->hi))) {
			if (o->hi > o->lo)
				ctl_usage(c, "--%s %s: not a number from %"
					  PRId64 " to %" PRId64, o->name, v,
					  o->lo, o->hi);
			else
				ctl_usage(c, "--%s %s: not a number", o->name, v);
			return false;
		}
		*(int64_t *)o->to = n;
		return true;
	case CTL_TIME:
		if (!time_parse(&n, v)) {
			ctl_usage(c, "--%s %s: not a time like 2025-01-31 or "
				  "2025-01-31T12:00:00Z", o->name, v);
			return false;
		}
		*(int64_t *)o->to = n;
		return true;
	case CTL_NUM:
		return set_num(c, o, v);
	case CTL_LIST:
		return set_list(c, o, v);
	}
	return false;
}

/* One option at argv[*i]; *i moves on to its argument.  False: a mistake was
 * named, or help is asked for (*ret_help). */
static bool take_opt(struct ctl *c, const struct ctl_opt *opts, int *i,
		     bool *ret_help)
{
	const char *arg = c->argv[*i];
	bool letter = arg[1] != '-';
	struct str rest = str_c(arg + (letter ? 1 : 2)), name = rest;
	const struct ctl_opt *o;
	const char *v = NULL;

	if (letter) {
		v = rest.n > 1 ? rest.p + 1 : NULL;
	} else {
		str_split(&rest, '=', &name);
		v = rest.p;
	}
	o = find_opt(opts, name, letter);
	if (o == NULL)
		o = find_opt(common_opts, name, letter);
	if (o == NULL) {
		ctl_usage(c, "unknown option %s", arg);
		return false;
	}
	if (o->to == NULL && o->letter == 'h') {
		*ret_help = true;
		return false;
	}
	if (o->type == CTL_FLAG && v != NULL) {
		ctl_usage(c, "%s: --%s takes no argument", arg, o->name);
		return false;
	}
	if (o->type != CTL_FLAG && v == NULL) {
		if (*i + 1 >= c->argc) {
			ctl_usage(c, "--%s needs an argument: %s", o->name,
				  o->arg);
			return false;
		}
		v = c->argv[++*i];
	}
	return set_opt(c, o, v);
}

bool ctl_parse(struct ctl *c, const struct ctl_opt *opts, const char *operands,
	       int least, int most, int *ret_status)
{
	bool only_operands = false, help = false;
	int n = 0;

	*ret_status = EX_USAGE;
	for (int i = 0; i < c->argc; i++) {
		char *arg = c->argv[i];

		if (only_operands || arg[0] != '-' || arg[1] == '\0') {
			c->argv[n++] = arg;
		} else if (strcmp(arg, "--") == 0) {
			only_operands = true;
		} else if (!take_opt(c, opts, &i, &help)) {
			if (help) {
				print_help(c, opts, operands);
				*ret_status = EX_OK;
			}
			return false;
		}
	}
	c->argc = n;
	if (n >= least && n <= most)
		return true;
	if (n > most)
		ctl_usage(c, "%s is one argument too many", c->argv[most]);
	else
		ctl_usage(c, "too few arguments: %s",
			  operands != NULL ? operands : "");
	return false;
}

static void print_subs(const struct ctl *c, const struct ctl_sub *subs, FILE *f)
{
	fprintf(f, "usage: %s COMMAND [option...]\n\n", c->name);
	for (; subs->name != NULL; subs++) {
		char head[60];

		snprintf(head, sizeof(head), "%s %s", subs->name,
			 subs->args != NULL ? subs->args : "");
		fprintf(f, "  %-28s %s\n", head, subs->help);
	}
}

int ctl_dispatch(struct ctl *c, const struct ctl_sub *subs)
{
	const char *name = c->argc > 0 ? c->argv[0] : NULL;
	size_t n = strlen(c->name);

	if (name == NULL) {
		print_subs(c, subs, stderr);
		return EX_USAGE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		print_subs(c, subs, stdout);
		return EX_OK;
	}
	for (; subs->name != NULL; subs++) {
		if (strcmp(name, subs->name) != 0)
			continue;
		snprintf(c->name + n, sizeof(c->name) - n, " %s", name);
		c->argc--;
		c->argv++;
		return subs->fn(c);
	}
	return ctl_usage(c, "there is no command \"%s\"", name);
}

void ctl_progress_start(struct ctl_progress *p, const struct ctl *c,
			const char *what, uint64_t total)
{
	*p = (struct ctl_progress){
		.on = !c->quiet && isatty(STDERR_FILENO),
		.what = what,
		.total = total,
		.start_ns = clock_mono_ns(),
	};
}

void ctl_progress_at(struct ctl_progress *p, uint64_t done)
{
	int64_t now;
	double part, left;
	int bars;

	if (!p->on)
		return;
	now = clock_mono_ns();
	if (now - p->shown_ns < SHOW_EVERY_NS)
		return;
	p->shown_ns = now;
	if (p->total == 0) {
		fprintf(stderr, "\r%s: %" PRIu64 "\033[K", p->what, done);
		return;
	}
	part = done < p->total ? (double)done / (double)p->total : 1;
	left = part > 0 ? (double)(now - p->start_ns) / 1e9 * (1 / part - 1) : 0;
	bars = (int)(part * BAR_WIDTH);
	fprintf(stderr, "\r%s [%.*s%*s] %3d %%, %d s left\033[K", p->what, bars,
		"##############################", BAR_WIDTH - bars, "",
		(int)(part * 100), (int)(left + 0.5));
}

void ctl_progress_end(struct ctl_progress *p)
{
	if (p->on && p->shown_ns != 0)
		fputs("\r\033[K", stderr);
	p->on = false;
}
