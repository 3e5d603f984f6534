#include "config.h"

#include <string.h>

#include "conf/conf_i.h"
#include "core/str.h"

static size_t group_end(const struct group *g)
{
	return g[1].title != NULL ? (size_t)g[1].first : (size_t)CONF__MAX;
}

static void add_origin(struct sbuf *b, const struct conf *c, size_t i)
{
	switch (c->origin[i].from) {
	case CONF_FROM_DEFAULT:
		sbuf_add_cstr(b, "default");
		break;
	case CONF_FROM_FILE:
		sbuf_addf(b, "line %d", c->origin[i].line);
		break;
	case CONF_FROM_ENV:
		sbuf_add_cstr(b, c->origin[i].var);
		break;
	}
}

void conf_show(struct sbuf *b, const struct conf *c)
{
	sbuf_addf(b, "# file: %s\n", c->file[0] != '\0' ? c->file : "none");
	for (const struct group *g = conf_groups; g->title != NULL; g++) {
		sbuf_addf(b, "\n# %s\n", g->title);
		for (size_t i = g->first; i < group_end(g); i++) {
			size_t start = b->len;

			sbuf_addf(b, "%s = ", conf_settings[i].name);
			conf_value(b, &conf_settings[i], c);
			do
				sbuf_add_c(b, ' ');
			while (!b->overflow && b->len - start < 40);
			sbuf_add_cstr(b, "# ");
			add_origin(b, c, i);
			sbuf_add_c(b, '\n');
		}
	}
}

int conf_get(struct sbuf *b, const struct conf *c, const char *name,
	     struct err *err)
{
	for (size_t i = 0; i < CONF__MAX; i++) {
		const struct setting *s = &conf_settings[i];

		if (strcmp(s->name, name) != 0)
			continue;
		if (s->type == T_SECRET)
			return FAIL(err, E_DENIED, "%s is a secret", name);
		if (s->type == T_TEXT || s->type == T_PATH)
			sbuf_add_cstr(b, *CONF_MEMBER_CONST(const char *, c, s));
		else if (s->type == T_SECS || s->type == T_BYTES)
			sbuf_add_i64(b, *CONF_MEMBER_CONST(int64_t, c, s));
		else
			conf_value(b, s, c);
		return 0;
	}
	return FAIL(err, E_NOTFOUND, "no setting is called %s", name);
}

/* Words of `text` in lines of at most 76 characters, each after `lead`. */
static void add_wrapped(struct sbuf *b, const char *lead, const char *text)
{
	struct str rest = str_c(text), word;
	size_t col = 0;

	while (str_split(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (col != 0 && col + 1 + word.n > 76) {
			sbuf_add_c(b, '\n');
			col = 0;
		}
		if (col == 0) {
			sbuf_add_cstr(b, lead);
			col = strlen(lead);
		} else {
			sbuf_add_c(b, ' ');
			col++;
		}
		sbuf_add(b, word.p, word.n);
		col += word.n;
	}
	sbuf_add_c(b, '\n');
}

static void add_default(struct sbuf *b, const struct setting *s)
{
	sbuf_add_cstr(b, s->def[0] != '\0' ? s->def : "\"\"");
}

void conf_example(struct sbuf *b)
{
	sbuf_add_cstr(b, "# orch.conf - the settings of the trading-bot "
		      "orchestrator; see orch.conf(5).\n"
		      "# Every line below shows a default.  Remove the # to "
		      "change one.\n");
	for (const struct group *g = conf_groups; g->title != NULL; g++) {
		sbuf_addf(b, "\n\n# ---- %s ----\n", g->title);
		for (size_t i = g->first; i < group_end(g); i++) {
			const struct setting *s = &conf_settings[i];

			sbuf_add_c(b, '\n');
			add_wrapped(b, "# ", s->help);
			sbuf_add_cstr(b, "# Takes ");
			conf_range(b, s);
			sbuf_addf(b, ".\n#%s = ", s->name);
			add_default(b, s);
			sbuf_add_c(b, '\n');
		}
	}
}

/* mdoc: every sentence begins a line.  No word of the table begins with what
 * would be a request there (the test of the committed page would show it). */
static void add_mdoc(struct sbuf *b, const char *text)
{
	struct str rest = str_c(text);
	const char *end;

	while (rest.n != 0) {
		end = memmem(rest.p, rest.n, ".  ", 3);
		if (end == NULL) {
			add_wrapped(b, "", rest.p);
			return;
		}
		add_wrapped(b, "", arena_printf(b->arena, "%.*s",
						(int)(end + 1 - rest.p), rest.p));
		rest = str_n(end + 3, rest.n - (size_t)(end + 3 - rest.p));
	}
}

static const char man_head[] =
	".\\\" Made by `orchctl config man' from src/conf/settings.h.\n"
	".Dd November 23, 2026\n"
	".Dt ORCH.CONF 5\n"
	".Os\n"
	".Sh NAME\n"
	".Nm orch.conf\n"
	".Nd settings of the trading-bot orchestrator\n"
	".Sh DESCRIPTION\n"
	"The programs\n"
	".Xr orch-api 8 ,\n"
	".Xr orch-live 8 ,\n"
	".Xr orch-run 8\n"
	"and\n"
	".Xr orchctl 1\n"
	"read this file when they start.\n"
	"It has lines of the form\n"
	".Pp\n"
	".Dl name = value\n"
	".Pp\n"
	"A\n"
	".Ql #\n"
	"at the start of a line or after a blank begins a comment.\n"
	"A value may stand in double quotes; within them\n"
	".Ql \\e\n"
	"makes the next character mean itself.\n"
	".Pp\n"
	"A setting is taken from the environment variable\n"
	".Ev ORCH_NAME ,\n"
	"NAME being its name in capital letters, else from the file, else it "
	"has its\n"
	"default.\n"
	"The settings of the first group are also taken from\n"
	".Ev PERF_NAME .\n"
	"A name that is unknown, a value that is malformed or out of range, "
	"and a\n"
	"setting that stands twice stop the start with a sentence that names "
	"the place.\n"
	".Pp\n"
	"A duration is a number with one of the units s, m, h and d; without "
	"a unit it\n"
	"means seconds.\n"
	"A size is a number with K, M or G, or a number of bytes.\n"
	"A secret may be written as\n"
	".Pf @ Ar file ,\n"
	"which is then read for it;\n"
	"a secret in a file that everyone may read is refused.\n"
	"A relative path starts at\n"
	".Ic state_dir .\n";

static const char man_tail[] =
	".Sh ENVIRONMENT\n"
	".Bl -tag -width Ds\n"
	".It Ev ORCH_CONF\n"
	"The settings file, where no option names one.\n"
	".It Ev ORCH_STATE\n"
	"Default of\n"
	".Ic state_dir ;\n"
	"the settings file is then\n"
	".Pa $ORCH_STATE/orch.conf\n"
	"unless named otherwise.\n"
	".El\n"
	".Sh FILES\n"
	".Bl -tag -width Ds\n"
	".It Pa /etc/orch/orch.conf\n"
	"The settings file, where nothing names another; it may be absent.\n"
	".El\n"
	".Sh EXIT STATUS\n"
	"A program that does not accept its settings exits with 78.\n"
	".Sh SEE ALSO\n"
	".Xr orchctl 1\n";

void conf_man(struct sbuf *b)
{
	sbuf_add_cstr(b, man_head);
	for (const struct group *g = conf_groups; g->title != NULL; g++) {
		sbuf_addf(b, ".Ss %s\n.Bl -tag -width Ds\n", g->title);
		for (size_t i = g->first; i < group_end(g); i++) {
			const struct setting *s = &conf_settings[i];

			sbuf_addf(b, ".It Ic %s\n", s->name);
			add_mdoc(b, s->help);
			sbuf_add_cstr(b, "Takes ");
			conf_range(b, s);
			sbuf_add_cstr(b, ".\nDefault: ");
			if (s->def[0] != '\0')
				sbuf_add_cstr(b, s->def);
			else
				sbuf_add_cstr(b, "empty");
			sbuf_add_cstr(b, ".\n");
		}
		sbuf_add_cstr(b, ".El\n");
	}
	sbuf_add_cstr(b, man_tail);
}
