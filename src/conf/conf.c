#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/value_i.h"
#include "core/array.h"

#define FILE_SIZE_MAX ((size_t)256 * 1024)
#define DEFAULT_FILE ORCH_CONFDIR "/orch.conf"
#define NEAR 2		/* letters by which a misspelt name may differ */

const struct setting conf_settings[CONF__MAX] = {
#define GROUP(id, title)
#define X(name, type, lo, hi, def, words, help)				\
	[CONF_##name] = { #name, T_##type, offsetof(struct conf, name),	\
			  lo, hi, def, words, help },
#include "conf/settings.h"
#undef X
#undef GROUP
};

const struct group conf_groups[] = {
#define GROUP(id, title) { GROUP_##id, #id, title },
#define X(name, type, lo, hi, def, words, help)
#include "conf/settings.h"
#undef X
#undef GROUP
	{ GROUP_PERF, NULL, NULL },
};

/* Variables with our prefix that are no settings. */
static const char *const other_vars[] = { "CONF", "STATE", "SLOT",
	"DATADIR", "NO_DEMO", "REQUIRE_INTEG", "FAULT", "FAULT_ONCE", "FAULT_LIST",
	"BUILD", "CHECK_DIR", "SHARED_DATA", "URL", "USER", "PASSWORD", "SHOTS" };

struct load {
	struct arena *arena;
	struct conf *c;
	const char *text[CONF__MAX];		/* NULL: not set */
	ARRAY(struct conf_problem) problems;
};

bool conf_is_perf(const struct setting *s)
{
	return s - conf_settings < conf_groups[1].first;
}

static void problem(struct load *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void problem(struct load *l, const char *fmt, ...)
{
	struct sbuf b;
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sbuf_init(&b, l->arena, sizeof(text));
	sbuf_add_cstr(&b, text);
	array_push(l->arena, &l->problems)->text = sbuf_finish(&b);
}

/* "orch.conf:3", "ORCH_PORT", "default" */
static const char *place(struct load *l, enum conf_id id)
{
	switch (l->c->origin[id].from) {
	case CONF_FROM_DEFAULT:
		return "default";
	case CONF_FROM_FILE:
		return arena_printf(l->arena, "%s:%d", l->c->file,
				    l->c->origin[id].line);
	case CONF_FROM_ENV:
		return l->c->origin[id].var;
	}
	return "?";
}

/* Levenshtein's distance, for texts as short as names of settings. */
static size_t distance(struct str a, const char *b)
{
	size_t row[64], n = strlen(b);

	if (a.n >= ARRAY_LEN(row) || n >= ARRAY_LEN(row))
		return ARRAY_LEN(row);
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; i < a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t best = diagonal + (a.p[i] != b[j]);

			diagonal = row[j + 1];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (diagonal + 1 < best)
				best = diagonal + 1;
			row[j + 1] = best;
		}
	}
	return row[n];
}

/* ", did you mean x?" or nothing. */
static const char *suggestion(struct load *l, struct str name)
{
	const char *best = NULL;
	size_t least = NEAR + 1;

	for (size_t i = 0; i < CONF__MAX; i++) {
		size_t d = distance(name, conf_settings[i].name);

		if (d < least) {
			least = d;
			best = conf_settings[i].name;
		}
	}
	return best == NULL ? "" :
	       arena_printf(l->arena, "; did you mean %s?", best);
}

static int find_setting(struct str name)
{
	for (int i = 0; i < CONF__MAX; i++)
		if (str_eqc(name, conf_settings[i].name))
			return i;
	return -1;
}

/* The value of a line: up to a comment, or in quotes.  NULL: the quotes are
 * not closed, or something follows them. */
static const char *unquote(struct arena *out, struct str v)
{
	char *p = str_dup(out, v), *w = p;
	size_t i;

	v = str_trim(v);
	if (v.n == 0 || v.p[0] != '"') {
		for (i = 0; i < v.n; i++)
			if (v.p[i] == '#' && (i == 0 || v.p[i - 1] == ' ' ||
					      v.p[i - 1] == '\t'))
				break;
		return str_dup(out, str_trim(str_n(v.p, i)));
	}
	for (i = 1; i < v.n && v.p[i] != '"'; i++) {
		if (v.p[i] == '\\' && ++i == v.n)
			return NULL;
		*w++ = v.p[i];
	}
	if (i >= v.n)
		return NULL;
	*w = '\0';
	v = str_trim(str_n(v.p + i + 1, v.n - i - 1));
	return v.n == 0 || v.p[0] == '#' ? p : NULL;
}

static void read_line(struct load *l, struct str line, int no)
{
	const char *file = l->c->file, *value;
	struct str name;
	int id;

	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return;
	if (memchr(line.p, '=', line.n) == NULL) {
		problem(l, "%s:%d: \"%.*s\" is not of the form name = value",
			file, no, line.n > 40 ? 40 : (int)line.n, line.p);
		return;
	}
	str_split(&line, '=', &name);
	name = str_trim(name);
	id = find_setting(name);
	if (id < 0) {
		problem(l, "%s:%d: no setting is called \"%.*s\"%s", file, no,
			name.n > 40 ? 40 : (int)name.n, name.p,
			suggestion(l, name));
		return;
	}
	if (l->text[id] != NULL) {
		problem(l, "%s:%d: %s is set a second time (first in line %d)",
			file, no, conf_settings[id].name,
			l->c->origin[id].line);
		return;
	}
	value = unquote(l->arena, line);
	if (value == NULL) {
		problem(l, "%s:%d: %s: the quotes are not closed, or "
			"something follows them", file, no,
			conf_settings[id].name);
		return;
	}
	l->text[id] = value;
	l->c->origin[id].from = CONF_FROM_FILE;
	l->c->origin[id].line = no;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t' &&
		     s.p[i] != '\r') || s.p[i] == 0x7f)
			return true;
	return false;
}

static void read_text(struct load *l, struct str text)
{
	struct str line;

	for (int no = 1; str_split(&text, '\n', &line); no++) {
		if (has_control(line) || !str_utf8_valid(line))
			problem(l, "%s:%d: not plain text (UTF-8 without "
				"control characters)", l->c->file, no);
		else
			read_line(l, line, no);
	}
}

/* Secrets in a file that everyone may read are none. */
static void check_mode(struct load *l, mode_t mode)
{
	if ((mode & S_IROTH) == 0)
		return;
	for (int i = 0; i < CONF__MAX; i++)
		if (conf_settings[i].type == T_SECRET && l->text[i] != NULL &&
		    l->text[i][0] != '\0' && l->text[i][0] != '@')
			problem(l, "%s:%d: %s stands in a file that everyone "
				"may read: chmod o-r it", l->c->file,
				l->c->origin[i].line, conf_settings[i].name);
}

static int read_file(struct load *l, bool may_miss, struct err *err)
{
	const char *path = l->c->file;
	struct stat st;
	ssize_t n = 0;
	size_t len = 0;
	char *buf;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && may_miss) {
		l->c->file = "";
		return 0;
	}
	if (fd < 0)
		return FAIL(err, E_IO, "settings file %s: %s", path,
			    strerror(errno));
	buf = arena_alloc_raw(l->arena, FILE_SIZE_MAX + 1);
	while (len <= FILE_SIZE_MAX &&
	       (n = read(fd, buf + len, FILE_SIZE_MAX + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0 || fstat(fd, &st) < 0) {
		int e = errno;

		close(fd);
		return FAIL(err, E_IO, "settings file %s: %s", path,
			    strerror(e));
	}
	close(fd);
	if (len > FILE_SIZE_MAX)
		return FAIL(err, E_INVAL, "settings file %s: over 256 KiB",
			    path);
	read_text(l, str_n(buf, len));
	check_mode(l, st.st_mode);
	return 0;
}

/* The setting that ORCH_<NAME> or PERF_<NAME> means; -1: none. */
static int var_setting(struct str var, size_t prefix)
{
	char name[64];
	size_t n = var.n - prefix;

	if (n >= sizeof(name))
		return -1;
	for (size_t i = 0; i < n; i++) {
		char c = var.p[prefix + i];

		if (c >= 'a' && c <= 'z')
			return -1;
		name[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	return find_setting(str_n(name, n));
}

static bool is_other_var(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(other_vars); i++)
		if (str_eqc(name, other_vars[i]))
			return true;
	return str_starts(name, "TEST_");
}

static void take_var(struct load *l, int id, struct str var, const char *value)
{
	if (has_control(str_c(value)) || !str_utf8_valid(str_c(value))) {
		problem(l, "%.*s: not plain text", STR_ARG(var));
		return;
	}
	l->text[id] = arena_strdup(l->arena, value);
	l->c->origin[id].from = CONF_FROM_ENV;
	l->c->origin[id].var = str_dup(l->arena, var);
}

/* ORCH_ is our own prefix: a name there that is no setting is a mistake.
 * PERF_ is not only ours, so what we do not know there is somebody else's. */
static void read_env(struct load *l)
{
	for (char **e = environ; *e != NULL; e++) {
		struct str value = str_c(*e), var;
		int id;

		if (!str_split(&value, '=', &var) || value.p == NULL ||
		    !str_starts(var, "ORCH_"))
			continue;
		id = var_setting(var, 5);
		if (id >= 0)
			take_var(l, id, var, value.p);
		else if (!is_other_var(str_n(var.p + 5, var.n - 5)))
			problem(l, "the environment has %.*s, and there is no "
				"such setting", var.n > 60 ? 60 : (int)var.n,
				var.p);
	}
	for (char **e = environ; *e != NULL; e++) {
		struct str value = str_c(*e), var;
		int id;

		if (!str_split(&value, '=', &var) || value.p == NULL ||
		    !str_starts(var, "PERF_"))
			continue;
		id = var_setting(var, 5);
		if (id >= 0 && conf_is_perf(&conf_settings[id]) &&
		    l->c->origin[id].from != CONF_FROM_ENV)
			take_var(l, id, var, value.p);
	}
}

static void bad_value(struct load *l, enum conf_id id, const char *reason)
{
	const struct setting *s = &conf_settings[id];
	const char *v = l->text[id] != NULL ? l->text[id] : s->def;
	const char *mark = strstr(reason, "%s");
	struct sbuf b;

	sbuf_init(&b, l->arena, 1000);
	if (mark == NULL) {
		sbuf_add_cstr(&b, reason);
	} else {
		sbuf_add(&b, reason, (size_t)(mark - reason));
		conf_range(&b, s);
		sbuf_add_cstr(&b, mark + 2);
	}
	problem(l, "%s: %s = %.80s: %s", place(l, id), s->name,
		s->type == T_SECRET ? "***" : v, b.buf);
}

static void set_values(struct load *l)
{
	const char *state = getenv("ORCH_STATE");

	if (l->text[CONF_state_dir] == NULL && state != NULL) {
		l->text[CONF_state_dir] = state;
		l->c->origin[CONF_state_dir].from = CONF_FROM_ENV;
		l->c->origin[CONF_state_dir].var = "ORCH_STATE";
	}
	for (int i = 0; i < CONF__MAX; i++) {
		const struct setting *s = &conf_settings[i];
		const char *v = l->text[i] != NULL ? l->text[i] : s->def;
		const char *bad;

		if (value_is_auto(s, v))
			continue;
		bad = value_set(l->arena, s, v, l->c);
		if (bad != NULL) {
			bad_value(l, (enum conf_id)i, bad);
			/* So that what follows has something to look at. */
			if (!value_is_auto(s, s->def))
				(void)value_set(l->arena, s, s->def, l->c);
		}
	}
}

static bool is_auto(const struct load *l, enum conf_id id)
{
	const char *v = l->text[id] != NULL ? l->text[id] :
					      conf_settings[id].def;

	return strcmp(v, "auto") == 0;
}

static const char *user_name(struct arena *out)
{
	char buf[2048];
	struct passwd pw, *got;

	if (getpwuid_r(geteuid(), &pw, buf, sizeof(buf), &got) != 0 ||
	    got == NULL)
		return "";
	return arena_strdup(out, pw.pw_name);
}

static const char *absolute(struct load *l, const char *base, const char *path)
{
	return *path == '/' || *path == '\0' ? path :
	       arena_printf(l->arena, "%s/%s", base, path);
}

/* What the word auto, an empty text and a relative path come to. */
static void resolve(struct load *l)
{
	struct conf *c = l->c;
	bool dev = c->env == ENV_DEVELOPMENT;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char cwd[4096];

	if (c->state_dir[0] != '/')
		c->state_dir = absolute(l, getcwd(cwd, sizeof(cwd)) != NULL ?
					cwd : "", c->state_dir);
	c->run_dir = absolute(l, c->state_dir, c->run_dir);
	c->db_socket = absolute(l, c->state_dir, c->db_socket);
	c->tls_certificate = absolute(l, c->state_dir, c->tls_certificate);
	c->tls_key = absolute(l, c->state_dir, c->tls_key);
	c->web_root = absolute(l, c->state_dir, c->web_root);
	c->model_dir = absolute(l, c->state_dir, c->model_dir);
	if (c->db_socket[0] == '\0' && c->db_host[0] == '\0')
		c->db_socket = arena_printf(l->arena, "%s/mariadb.sock",
					    c->run_dir);
	if (c->db_user[0] == '\0')
		c->db_user = user_name(l->arena);
	if (is_auto(l, CONF_workers))
		c->workers = cpus < 1 ? 4 : cpus > 64 ? 256 : 4 * cpus;
	if (is_auto(l, CONF_log_level))
		c->log_level = dev ? LOG_L_DEBUG : LOG_L_INFO;
	if (is_auto(l, CONF_log_format))
		c->log_format = dev ? LOG_F_TEXT : LOG_F_JSON;
	if (is_auto(l, CONF_enable_sentry))
		c->enable_sentry = !dev && c->sentry_dsn[0] != '\0';
}

static void check_bad(void *ctx, enum conf_id id, const char *reason)
{
	bad_value(ctx, id, reason);
}

static const char *choose_file(struct arena *out, const char *path,
			       bool *ret_may_miss)
{
	const char *state = getenv("ORCH_STATE"), *conf = getenv("ORCH_CONF");

	*ret_may_miss = false;
	if (path != NULL)
		return arena_strdup(out, path);
	if (conf != NULL)
		return arena_strdup(out, conf);
	if (state != NULL)
		return arena_printf(out, "%s/orch.conf", state);
	*ret_may_miss = true;
	return DEFAULT_FILE;
}

int conf_load_all(struct arena *out, const char *path, struct conf **ret,
		  struct conf_problems *ret_all, struct err *err)
{
	struct load l = { .arena = out, .c = NEW(out, struct conf) };
	bool may_miss;
	int rc;

	l.c->file = choose_file(out, path, &may_miss);
	rc = read_file(&l, may_miss, err);
	if (rc < 0)
		return rc;
	read_env(&l);
	set_values(&l);
	resolve(&l);
	if (l.problems.n == 0)
		check_all(l.c, check_bad, &l);
	*ret_all = (struct conf_problems){ l.problems.n, l.problems.v };
	if (l.problems.n > 1)
		return FAIL(err, E_INVAL, "%s (and %zu more)",
			    l.problems.v[0].text, l.problems.n - 1);
	if (l.problems.n == 1)
		return FAIL(err, E_INVAL, "%s", l.problems.v[0].text);
	*ret = l.c;
	return 0;
}

int conf_load(struct arena *out, const char *path, struct conf **ret,
	      struct err *err)
{
	struct conf_problems all;

	return conf_load_all(out, path, ret, &all, err);
}

struct conf *conf_defaults(struct arena *out, const char *state_dir)
{
	struct load l = { .arena = out, .c = NEW(out, struct conf) };

	l.c->file = "";
	l.text[CONF_state_dir] = state_dir;
	set_values(&l);
	resolve(&l);
	assert(l.problems.n == 0);
	return l.c;
}

void conf_log_init(const struct conf *c, const char *program)
{
	log_init(program, (enum log_level)c->log_level,
		 (enum log_format)c->log_format);
}
