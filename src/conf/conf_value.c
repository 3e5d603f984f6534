#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "conf/value_i.h"
#include "core/array.h"

#define SECRET_FILE_MAX 4096

/* A number with a unit of the table, or bare. */
struct unit { const char *name; int64_t factor; };

static const struct unit seconds[] = { { "d", 86400 }, { "h", 3600 },
	{ "m", 60 }, { "s", 1 }, { "", 1 } };
static const struct unit bytes[] = { { "G", 1 << 30 }, { "M", 1 << 20 },
	{ "K", 1 << 10 }, { "", 1 } };

static bool with_unit(const struct unit *u, size_t n, struct str s, int64_t *ret)
{
	size_t digits = 0;
	int64_t v;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (!str_i64(str_n(s.p, digits), &v))
		return false;
	for (size_t i = 0; i < n; i++)
		if (str_eqc(str_n(s.p + digits, s.n - digits), u[i].name))
			return !__builtin_mul_overflow(v, u[i].factor, ret);
	return false;
}

static void add_unit(struct sbuf *b, const struct unit *u, size_t n, int64_t v)
{
	for (size_t i = 0; i < n; i++) {
		if (v != 0 && v % u[i].factor == 0) {
			sbuf_add_i64(b, v / u[i].factor);
			sbuf_add_cstr(b, u[i].name);
			return;
		}
	}
	sbuf_add_i64(b, v);
}

const char *value_word(struct arena *out, const char *words, int n)
{
	struct str rest = str_c(words), w;

	while (str_split(&rest, '|', &w))
		if (n-- == 0)
			return str_dup(out, w);
	return "?";
}

static int word_number(const char *words, struct str s)
{
	struct str rest = str_c(words), w;

	for (int i = 0; str_split(&rest, '|', &w); i++)
		if (str_eq(w, s))
			return i;
	return -1;
}

bool value_is_auto(const struct setting *s, const char *text)
{
	return s->words != NULL && strcmp(s->words, "auto") == 0 &&
	       strcmp(text, "auto") == 0;
}

static const char *set_number(const struct setting *s, struct str v,
			      int64_t *ret)
{
	int64_t n;
	bool ok = false;

	switch (s->type) {
	case T_SECS:
		ok = with_unit(seconds, ARRAY_LEN(seconds), v, &n);
		break;
	case T_BYTES:
		ok = with_unit(bytes, ARRAY_LEN(bytes), v, &n);
		break;
	case T_INT:
		ok = str_i64(v, &n);
		break;
	case T_BOOL:
	case T_ENUM:
	case T_TEXT:
	case T_SECRET:
	case T_PATH:
	case T_LIST:
		break;
	}
	if (!ok || n < s->lo || n > s->hi)
		return "must be %s";
	*ret = n;
	return NULL;
}

static const char *set_bool(struct str v, bool *ret)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_eqc(v, yes[i]) || str_eqc(v, no[i])) {
			*ret = str_eqc(v, yes[i]);
			return NULL;
		}
	}
	return "must be %s";
}

static const char *set_list(struct arena *out, const struct setting *s,
			    struct str v, struct conf_list *ret)
{
	ARRAY(const char *) list = { 0 };
	struct str item;

	while (str_split(&v, ',', &item)) {
		item = str_trim(item);
		if (item.n != 0)
			*array_push(out, &list) = str_dup(out, item);
	}
	if ((int64_t)list.n > s->hi)
		return "must be %s";
	*ret = (struct conf_list){ list.n, list.v };
	return NULL;
}

/* A secret that stands in a file of its own: "@/run/credentials/...". */
static const char *read_secret(struct arena *out, const char *path,
			       const char **ret)
{
	char buf[SECRET_FILE_MAX + 1];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return "cannot open the file of the secret";
	n = read(fd, buf, sizeof(buf));
	close(fd);
	if (n < 0)
		return "cannot read the file of the secret";
	if ((size_t)n == sizeof(buf))
		return "the file of the secret is over 4 KiB";
	if (memchr(buf, '\0', (size_t)n) != NULL)
		return "the file of the secret is not text";
	*ret = str_dup(out, str_trim(str_n(buf, (size_t)n)));
	explicit_bzero(buf, sizeof(buf));
	return NULL;
}

static const char *set_text(struct arena *out, const struct setting *s,
			    const char *text, const char **ret)
{
	const char *bad = NULL, *v = text;

	if (s->type == T_SECRET && text[0] == '@') {
		bad = read_secret(out, text + 1, &v);
		if (bad != NULL)
			return bad;
	}
	if ((int64_t)strlen(v) < s->lo || (int64_t)strlen(v) > s->hi)
		return "must be %s";
	*ret = arena_strdup(out, v);
	return NULL;
}

const char *value_set(struct arena *out, const struct setting *s,
		      const char *text, struct conf *c)
{
	struct str v = str_c(text);
	int n;

	switch (s->type) {
	case T_INT:
	case T_SECS:
	case T_BYTES:
		return set_number(s, v, CONF_MEMBER(int64_t, c, s));
	case T_BOOL:
		return set_bool(v, CONF_MEMBER(bool, c, s));
	case T_ENUM:
		n = word_number(s->words, v);
		if (n < 0)
			return "must be %s";
		*CONF_MEMBER(int, c, s) = n;
		return NULL;
	case T_TEXT:
	case T_SECRET:
	case T_PATH:
		return set_text(out, s, text, CONF_MEMBER(const char *, c, s));
	case T_LIST:
		return set_list(out, s, v, CONF_MEMBER(struct conf_list, c, s));
	}
	return "has no type";
}

static void add_words(struct sbuf *b, const char *words)
{
	struct str rest = str_c(words), w;

	for (bool first = true; str_split(&rest, '|', &w); first = false) {
		if (!first)
			sbuf_add_cstr(b, rest.p == NULL ? " or " : ", ");
		sbuf_add(b, w.p, w.n);
	}
}

void conf_range(struct sbuf *b, const struct setting *s)
{
	switch (s->type) {
	case T_INT:
		sbuf_addf(b, "a number from %" PRId64 " to %" PRId64, s->lo,
			  s->hi);
		break;
	case T_SECS:
		sbuf_add_cstr(b, "a time from ");
		add_unit(b, seconds, ARRAY_LEN(seconds), s->lo);
		sbuf_add_cstr(b, " to ");
		add_unit(b, seconds, ARRAY_LEN(seconds), s->hi);
		break;
	case T_BYTES:
		sbuf_add_cstr(b, "a size from ");
		add_unit(b, bytes, ARRAY_LEN(bytes), s->lo);
		sbuf_add_cstr(b, " to ");
		add_unit(b, bytes, ARRAY_LEN(bytes), s->hi);
		break;
	case T_BOOL:
		sbuf_add_cstr(b, "true or false");
		break;
	case T_ENUM:
		add_words(b, s->words);
		return;
	case T_TEXT:
	case T_SECRET:
		sbuf_addf(b, "a text of %" PRId64 " to %" PRId64 " characters",
			  s->lo, s->hi);
		break;
	case T_PATH:
		sbuf_addf(b, "a path of %" PRId64 " to %" PRId64 " characters",
			  s->lo, s->hi);
		break;
	case T_LIST:
		sbuf_addf(b, "a list of at most %" PRId64 ", with commas",
			  s->hi);
		break;
	}
	if (s->words != NULL)
		sbuf_addf(b, ", or %s", s->words);
}

/* In quotes where the file's syntax needs them. */
static void add_text(struct sbuf *b, const char *v)
{
	struct str s = str_c(v);

	if (s.n == str_trim(s).n && s.n != 0 && *v != '"' && *v != '#' &&
	    !str_contains(s, " #") && !str_contains(s, "\t#")) {
		sbuf_add_cstr(b, v);
		return;
	}
	sbuf_add_c(b, '"');
	for (; *v != '\0'; v++) {
		if (*v == '"' || *v == '\\')
			sbuf_add_c(b, '\\');
		sbuf_add_c(b, *v);
	}
	sbuf_add_c(b, '"');
}

void conf_value(struct sbuf *b, const struct setting *s, const struct conf *c)
{
	const struct conf_list *list;
	const char *text;

	switch (s->type) {
	case T_INT:
		sbuf_add_i64(b, *CONF_MEMBER_CONST(int64_t, c, s));
		break;
	case T_SECS:
		add_unit(b, seconds, ARRAY_LEN(seconds),
			 *CONF_MEMBER_CONST(int64_t, c, s));
		break;
	case T_BYTES:
		add_unit(b, bytes, ARRAY_LEN(bytes),
			 *CONF_MEMBER_CONST(int64_t, c, s));
		break;
	case T_BOOL:
		sbuf_add_cstr(b, *CONF_MEMBER_CONST(bool, c, s) ? "true" :
								  "false");
		break;
	case T_ENUM:
		sbuf_add_cstr(b, value_word(b->arena, s->words,
					    *CONF_MEMBER_CONST(int, c, s)));
		break;
	case T_TEXT:
	case T_PATH:
	case T_SECRET:
		text = *CONF_MEMBER_CONST(const char *, c, s);
		add_text(b, s->type == T_SECRET && *text != '\0' ? "***" : text);
		break;
	case T_LIST:
		list = CONF_MEMBER_CONST(struct conf_list, c, s);
		for (size_t i = 0; i < list->n; i++)
			sbuf_addf(b, "%s%s", i != 0 ? ", " : "", list->v[i]);
		if (list->n == 0)
			add_text(b, "");
		break;
	}
}
