#ifndef CONF_CONF_H
#define CONF_CONF_H
/* conf.h - the settings: one table, one file, the environment.
 *
 * A setting comes from the environment (ORCH_<NAME>; for those of the first
 * group also PERF_<NAME>), else from the file, else it has its default.  The
 * file has lines `name = value`; `#` at the start of a line or after a blank
 * begins a comment; a value may stand in double quotes, where \" and \\ mean
 * themselves.  Whatever is unknown, malformed, out of range or set twice
 * stops the start: the sentence names the place and the reason.
 *
 * struct conf is read-only once loaded, so it may be used by every process
 * forked later.  conf_show() and the rest make text from the same table. */
#include "core/err.h"
#include "core/log.h"
#include "core/sbuf.h"

enum { ENV_DEVELOPMENT, ENV_PRODUCTION };			/* env */
enum { COOKIE_AUTO, COOKIE_ALWAYS, COOKIE_NEVER };	/* cookie_secure */

struct conf_list {
	size_t n;
	const char *const *v;
};

#define CONF_C_INT	int64_t
#define CONF_C_SECS	int64_t
#define CONF_C_BYTES	int64_t
#define CONF_C_BOOL	bool
#define CONF_C_ENUM	int
#define CONF_C_TEXT	const char *
#define CONF_C_SECRET	const char *
#define CONF_C_PATH	const char *
#define CONF_C_LIST	struct conf_list

enum conf_id {
#define GROUP(id, title)
#define X(name, type, lo, hi, def, words, help) CONF_##name,
#include "conf/settings.h"
#undef X
#undef GROUP
	CONF__MAX
};

enum conf_from { CONF_FROM_DEFAULT, CONF_FROM_FILE, CONF_FROM_ENV };

struct conf {		/* durations in seconds; texts never NULL */
#define GROUP(id, title)
#define X(name, type, lo, hi, def, words, help) CONF_C_##type name;
#include "conf/settings.h"
#undef X
#undef GROUP
	const char *file;		/* that was read; "" if none */
	struct {			/* where each value came from */
		enum conf_from from;
		int line;		/* of the file */
		const char *var;	/* of the environment */
	} origin[CONF__MAX];
};

struct conf_problem {
	const char *text;		/* "orch.conf:3: workers = x: not a number" */
};
struct conf_problems {
	size_t n;
	const struct conf_problem *v;
};

/* path NULL: $ORCH_CONF, else $ORCH_STATE/orch.conf, else /etc/orch/orch.conf;
 * only the last may be missing.  -E_INVAL for a problem with a setting (the
 * first is in the sentence), -E_IO when the file cannot be read. */
MUST_CHECK int conf_load(struct arena *out, const char *path,
			 struct conf **ret, struct err *err);
/* The same, and every problem in *ret_all, also when it returns 0. */
MUST_CHECK int conf_load_all(struct arena *out, const char *path,
			     struct conf **ret, struct conf_problems *ret_all,
			     struct err *err);
/* The defaults alone, for tests; state_dir as given. */
struct conf *conf_defaults(struct arena *out, const char *state_dir) NONNULL_RET;
/* log_init() as the settings say. */
void conf_log_init(const struct conf *c, const char *program);

/* "name = value" lines with where each came from; secrets as ***. */
void conf_show(struct sbuf *b, const struct conf *c);
/* One value as text; -E_NOTFOUND for an unknown name, -E_DENIED for a secret. */
MUST_CHECK int conf_get(struct sbuf *b, const struct conf *c, const char *name,
			struct err *err);
/* orch.conf.example and orch.conf(5). */
void conf_example(struct sbuf *b);
void conf_man(struct sbuf *b);

#endif /* CONF_CONF_H */
