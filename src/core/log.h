#ifndef CORE_LOG_H
#define CORE_LOG_H
/* log.h - one line per fact, written at the edge, with inherited fields.
 *
 *	struct logctx lc = log_child(req->log, "bot", "7");
 *	log_warn(&lc, "halted: %s", err.msg);
 *
 * Formats: text for people, JSON for machines (one object a line, control
 * characters and invalid UTF-8 escaped), the journal's native protocol when
 * stderr is connected to it (JOURNAL_STREAM).  Fields in common use: req,
 * trace, route, user, bot.  A field whose name looks like a secret
 * (a word of it ends in password, secret, token, key, cookie, authorization,
 * signature, csrf, dsn) is written as ***.  Writing a line allocates nothing;
 * it is at most 4096 bytes, and says "cut" when something had to be left out. */
#include "core/err.h"

enum log_level { LOG_L_DEBUG, LOG_L_INFO, LOG_L_WARN, LOG_L_ERROR };
enum log_format { LOG_F_TEXT, LOG_F_JSON };

/* A field and its parent; the strings must outlive it.  NULL: no fields. */
struct logctx {
	const struct logctx *parent;
	const char *key, *value;
};

/* Once, at start; before it, warnings and errors go to stderr as text. */
void log_init(const char *program, enum log_level level, enum log_format format);
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
/* A test's sink: called in place of writing when not NULL. */
typedef void log_sink_fn(enum log_level level, const char *line, void *ctx);
void log_set_sink(log_sink_fn *fn, void *ctx);
/* Also called for every line of warn and above (ops counts and reports).  It
 * must not log, and not allocate from an arena: it hears of full ones. */
void log_set_tap(log_sink_fn *fn, void *ctx);

static inline struct logctx log_child(const struct logctx *parent,
				      const char *key, const char *value)
{
	return (struct logctx){ parent, key, value };
}

void log_write(const struct logctx *lc, enum log_level level, const char *file,
	       int line, const char *fmt, ...) PRINTF_LIKE(5, 6);
#define LOG_AT(lc, lv, ...)						\
	(log_enabled(lv) ?						\
	 log_write((lc), (lv), __FILE__, __LINE__, __VA_ARGS__) : (void)0)
#define log_debug(lc, ...) LOG_AT((lc), LOG_L_DEBUG, __VA_ARGS__)
#define log_info(lc, ...)  LOG_AT((lc), LOG_L_INFO, __VA_ARGS__)
#define log_warn(lc, ...)  LOG_AT((lc), LOG_L_WARN, __VA_ARGS__)
#define log_error(lc, ...) LOG_AT((lc), LOG_L_ERROR, __VA_ARGS__)

const char *log_level_name(enum log_level level);	/* "debug" ... "error" */
bool log_level_parse(const char *name, enum log_level *ret);

#endif /* CORE_LOG_H */
