#include "config.h"

#include <string.h>

#include "core/arena.h"
#include "ops/ops.h"

#define MESSAGE_MAX	2000	/* characters of the column, so bytes fit too */
#define CONTEXT_MAX	65536

static struct dbval id_or_null(uint64_t id)
{
	return id != 0 ? V_U64(id) : V_NULL();
}

static struct str cut(const char *s, size_t n)
{
	struct str t = str_c(s);

	if (t.n <= n)
		return t;
	while (n > 0 && ((unsigned char)t.p[n] & 0xc0) == 0x80)
		n--;
	return str_n(t.p, n);
}

static struct dbval text_or_null(const char *s, size_t max)
{
	return s != NULL ? V_TEXT(cut(s, max)) : V_NULL();
}

int app_log_add(struct db *db, const struct app_entry *e, size_t n,
		struct err *err)
{
	struct dbval v[APP_LOG_BATCH * 9];
	size_t k = 0;

	if (n == 0)
		return 0;
	if (n > APP_LOG_BATCH)
		return FAIL(err, E_TOOBIG, "%zu log entries at once; at most "
			    "%d", n, APP_LOG_BATCH);
	for (size_t i = 0; i < n; i++) {
		v[k++] = V_I64(e[i].time_ms);
		v[k++] = V_STR(e[i].source == APP_BOT ? "b" : "c");
		v[k++] = V_I64((int64_t)e[i].level);
		v[k++] = id_or_null(e[i].user);
		v[k++] = id_or_null(e[i].bot);
		v[k++] = text_or_null(e[i].request_id, 40);
		v[k++] = V_TEXT(cut(e[i].message != NULL ? e[i].message : "",
				    MESSAGE_MAX));
		v[k++] = text_or_null(e[i].context, CONTEXT_MAX);
		v[k++] = V_U64(e[i].count > 0 ? e[i].count : 1);
	}
	return db_exec_many(db, Q_APP_LOG_ADD, v, n, 9, err);
}

/* What the user typed, anywhere in the message; % and _ are themselves. */
static const char *like_pattern(struct arena *out, const char *text)
{
	struct sbuf b;

	sbuf_init(&b, out, 4096);
	sbuf_add_c(&b, '%');
	for (; *text != '\0'; text++) {
		if (*text == '%' || *text == '_' || *text == '\\')
			sbuf_add_c(&b, '\\');
		sbuf_add_c(&b, *text);
	}
	sbuf_add_c(&b, '%');
	return sbuf_finish(&b);
}

static const char *source_code(const char *source, struct err *err)
{
	if (source == NULL || source[0] == '\0')
		return "";
	if (strcmp(source, "client") == 0)
		return "c";
	if (strcmp(source, "bot") == 0)
		return "b";
	FAIL(err, E_INVAL, "source is client or bot");
	return NULL;
}

int app_log_list(struct arena *out, struct db *db, const struct app_filter *f,
		 struct rows *ret, struct err *err)
{
	const char *source = source_code(f->source, err);
	const char *text = f->text != NULL ? f->text : "", *like;
	const char *id = f->request_id != NULL ? f->request_id : "";
	enum log_level level = LOG_L_DEBUG;
	struct dbval v[12];
	size_t n = 0;

	if (source == NULL)
		return -E_INVAL;
	if (f->min_level != NULL && !log_level_parse(f->min_level, &level))
		return FAIL(err, E_INVAL, "level is debug, info, warn or error");
	like = like_pattern(out, text);
	if (like == NULL)
		return FAIL(err, E_INVAL, "the text to look for is too long");
	if (f->bot != 0)
		v[n++] = V_U64(f->bot);
	if (f->bot != 0 || f->user != 0)
		v[n++] = V_U64(f->user);
	if (f->bot != 0)
		v[n++] = V_U64(f->user);
	v[n++] = V_U64(f->before != 0 ? f->before : INT64_MAX);
	v[n++] = V_STR(source);
	v[n++] = V_STR(source);
	v[n++] = V_I64((int64_t)level);
	v[n++] = V_STR(id);
	v[n++] = V_STR(id);
	v[n++] = V_STR(text);
	v[n++] = V_STR(like);
	v[n++] = V_U64(f->limit);
	return db_select(out, db, f->bot != 0 ? Q_APP_LOG_BOT :
			 f->user != 0 ? Q_APP_LOG_USER : Q_APP_LOG_ALL,
			 v, n, ret, err);
}
