#include "config.h"

#include <string.h>

#include "db/db.h"
#include "script/script.h"
#include "script/store.h"

/* What is kept beside the source, made from it. */
struct made { const char *description, *inputs; uint64_t hash; };

static int make(struct arena *out, struct db *db, uint64_t user, struct str source,
		struct made *ret, struct err *err)
{
	const struct script_prog *p;
	struct diags d;
	struct sbuf b;
	struct str whole;
	struct jw w;
	char *s;
	size_t n;
	int rc = strategy_bundle(out, db, user, source, &whole, err);

	if (rc < 0)
		return rc;
	if (script_compile(out, whole.p, whole.n, NULL, &p, &d, err) < 0) {
		if (err != NULL)
			err->code = E_UNPROCESSABLE;
		return -E_UNPROCESSABLE;
	}
	sbuf_init(&b, out, (size_t)1 << 20);
	jw_init(&w, &b);
	script_inputs_json(&w, p);
	ret->inputs = sbuf_finish(&b);
	if (ret->inputs == NULL)
		return FAIL(err, E_UNPROCESSABLE, "the script has too many inputs");
	s = arena_strdup(out, script_description(p));
	n = strlen(s);
	if (n > 400) {			/* characters: cut between two of them */
		for (n = 400; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
			;
		s[n] = '\0';
	}
	ret->description = s;
	ret->hash = script_hash_text(source.p, source.n);
	return 0;
}

static void from_row(const struct rows *r, size_t i, struct strategy *s)
{
	*s = (struct strategy){
		.id = row_u64(r, i, 0), .user_id = row_null(r, i, 1) ? 0 : row_u64(r, i, 1),
		.name = row_cstr(r, i, 2), .description = row_cstr(r, i, 3),
		.source = row_str(r, i, 4), .inputs = row_str(r, i, 5),
		.hash = row_u64(r, i, 6), .created = row_i64(r, i, 7),
		.changed = row_i64(r, i, 8),
	};
}

static int one(const struct rows *r, struct strategy *ret, struct err *err)
{
	if (r->n == 0)
		return FAIL(err, E_NOTFOUND, "there is no such strategy");
	from_row(r, 0, ret);
	return 0;
}

int strategy_get(struct arena *out, struct db *db, uint64_t user_id, uint64_t id,
		 struct strategy *ret, struct err *err)
{
	struct rows r;
	int rc;

	if (user_id == 0)
		rc = db_select(out, db, Q_STRATEGY_ANY, ARGS(V_U64(id)), &r, err);
	else
		rc = db_select(out, db, Q_STRATEGY_GET, ARGS(V_U64(id), V_U64(user_id)),
			       &r, err);
	return rc < 0 ? rc : one(&r, ret, err);
}

int strategy_find(struct arena *out, struct db *db, uint64_t user_id, const char *name,
		  struct strategy *ret, struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_STRATEGY_FIND, ARGS(V_U64(user_id), V_STR(name)),
			   &r, err);

	return rc < 0 ? rc : one(&r, ret, err);
}

int strategy_list(struct arena *out, struct db *db, uint64_t user_id, uint64_t after,
		  size_t limit, struct strategy **ret, size_t *ret_n, struct err *err)
{
	struct rows r;
	struct strategy *v;
	int rc = db_select(out, db, Q_STRATEGY_LIST,
			   ARGS(V_U64(user_id), V_U64(after), V_U64(limit)), &r, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct strategy, r.n);
	for (size_t i = 0; i < r.n; i++)
		v[i] = (struct strategy){
			.id = row_u64(&r, i, 0),
			.user_id = row_null(&r, i, 1) ? 0 : row_u64(&r, i, 1),
			.name = row_cstr(&r, i, 2), .description = row_cstr(&r, i, 3),
			.inputs = row_str(&r, i, 4), .created = row_i64(&r, i, 5),
			.changed = row_i64(&r, i, 6) };
	*ret = v;
	*ret_n = r.n;
	return 0;
}

/* ---- libraries ------------------------------------------------------------- */

#define LIBRARIES_MAX 16

static bool word(struct str *s, char end, struct str *ret)
{
	size_t n = 0;

	while (n < s->n && ((s->p[n] >= 'a' && s->p[n] <= 'z') || s->p[n] == '_' ||
			    (s->p[n] >= 'A' && s->p[n] <= 'Z') ||
			    (s->p[n] >= '0' && s->p[n] <= '9')))
		n++;
	if (n == 0 || (end != 0 && (n == s->n || s->p[n] != end)))
		return false;
	*ret = str_n(s->p, n);
	n += end != 0;
	*s = str_n(s->p + n, s->n - n);
	return true;
}

/* import user/name/version, as a line of its own */
static bool import_of(struct str line, struct str ret[3])
{
	if (!str_starts(line, "import ") && !str_starts(line, "import\t"))
		return false;
	line = str_trim(str_n(line.p + 7, line.n - 7));
	return word(&line, '/', &ret[0]) && word(&line, '/', &ret[1]) &&
	       word(&line, 0, &ret[2]);
}

static int find_library(struct arena *out, struct db *db, uint64_t user,
			const struct str p[3], struct str *ret, struct err *err)
{
	const char *const names[] = {
		arena_printf(out, "%.*s/%.*s", STR_ARG(p[1]), STR_ARG(p[2])),
		arena_printf(out, "%.*s/%.*s/%.*s", STR_ARG(p[0]), STR_ARG(p[1]), STR_ARG(p[2])),
		str_dup(out, p[1]),
		arena_printf(out, "%.*s/%.*s", STR_ARG(p[0]), STR_ARG(p[1])),
	};
	int rc = -E_NOTFOUND;

	for (size_t i = 0; i < ARRAY_LEN(names) && rc == -E_NOTFOUND; i++) {
		struct strategy s;
		struct err why;

		rc = strategy_find(out, db, user, names[i], &s, &why);
		if (rc == 0)
			*ret = s.source;
		else if (rc != -E_NOTFOUND)
			*err = why;
	}
	return rc;
}

static void put_library(struct sbuf *b, const struct str p[3], struct str text)
{
	struct str line;

	sbuf_addf(b, "\n//@library %.*s/%.*s/%.*s\n", STR_ARG(p[0]), STR_ARG(p[1]),
		  STR_ARG(p[2]));
	while (str_split(&text, '\n', &line))
		if (line.n > 0 || text.n > 0)
			sbuf_addf(b, "//|%.*s\n", STR_ARG(line));
}

int strategy_bundle(struct arena *out, struct db *db, uint64_t user_id,
		    struct str source, struct str *ret, struct err *err)
{
	struct str left = source, line, p[3], text;
	struct sbuf b;
	size_t n = 0;
	int rc;

	*ret = source;
	while (n < LIBRARIES_MAX && str_split(&left, '\n', &line)) {
		if (!import_of(line, p))
			continue;
		rc = find_library(out, db, user_id, p, &text, err);
		if (rc < 0 && rc != -E_NOTFOUND)
			return rc;
		if (rc < 0)
			continue;
		if (n++ == 0) {
			sbuf_init(&b, out, SCRIPT_SOURCE_MAX);
			sbuf_add(&b, source.p, source.n);
		}
		put_library(&b, p, text);
	}
	if (n == 0)
		return 0;
	if (sbuf_finish(&b) == NULL)
		return FAIL(err, E_UNPROCESSABLE, "the script and the libraries it imports "
			    "have more than %zu bytes together", SCRIPT_SOURCE_MAX);
	*ret = str_c(sbuf_finish(&b));
	return 0;
}

static int add(struct arena *tmp, struct db *db, uint64_t owner, struct str name,
	       struct str source, int64_t now_ms, uint64_t *ret_id, struct err *err)
{
	struct made m;
	int rc = make(tmp, db, owner, source, &m, err);

	if (rc < 0)
		return rc;
	return db_exec(db, Q_STRATEGY_ADD,
		       ARGS(owner != 0 ? V_U64(owner) : V_NULL(), V_TEXT(name), V_STR(m.description), V_TEXT(source),
			    V_STR(m.inputs), V_U64(m.hash), V_I64(now_ms), V_I64(now_ms)),
		       NULL, ret_id, err);
}

#define WORK_MAX ((size_t)256 << 20)

int strategy_add(struct db *db, uint64_t user_id, struct str name, struct str source,
		 int64_t now_ms, uint64_t *ret_id, struct err *err)
{
	struct arena *root CLEANUP(arena_free) = arena_new("strategy", WORK_MAX);

	return add(root, db, user_id, name, source, now_ms, ret_id, err);
}

/* `owner` 0 changes a starter. */
static int set(struct arena *tmp, struct db *db, uint64_t owner, uint64_t id,
	       struct str name, struct str source, int64_t now_ms, struct err *err)
{
	struct made m;
	uint64_t changed;
	int rc = make(tmp, db, owner, source, &m, err);

	if (rc < 0)
		return rc;
	rc = db_exec(db, Q_STRATEGY_SET,
		     ARGS(V_TEXT(name), V_STR(m.description), V_TEXT(source),
			  V_STR(m.inputs), V_U64(m.hash), V_I64(now_ms), V_U64(id),
			  V_U64(owner)), &changed, NULL, err);
	if (rc == 0 && changed == 0)
		return FAIL(err, E_NOTFOUND, "there is no such strategy of yours");
	return rc;
}

int strategy_set(struct db *db, uint64_t user_id, uint64_t id, struct str name,
		 struct str source, int64_t now_ms, struct err *err)
{
	struct arena *root CLEANUP(arena_free) = arena_new("strategy", WORK_MAX);

	assert(user_id != 0);
	return set(root, db, user_id, id, name, source, now_ms, err);
}

int strategy_del(struct db *db, uint64_t user_id, uint64_t id, struct err *err)
{
	uint64_t changed;
	int rc = db_exec(db, Q_STRATEGY_DEL, ARGS(V_U64(id), V_U64(user_id)), &changed,
			 NULL, err);

	if (rc == 0 && changed == 0)
		return FAIL(err, E_NOTFOUND, "there is no such strategy of yours");
	return rc;
}

static int sync_one(struct arena *tmp, struct db *db, const struct rows *have,
		    const struct script_starter *s, int64_t now_ms, struct err *err)
{
	for (size_t i = 0; i < have->n; i++)
		if (str_eqc(row_str(have, i, 1), s->name)) {
			if (row_u64(have, i, 2) == script_hash_text(s->source,
								    strlen(s->source)))
				return 0;
			return set(tmp, db, 0, row_u64(have, i, 0), str_c(s->name),
				   str_c(s->source), now_ms, err);
		}
	return add(tmp, db, 0, str_c(s->name), str_c(s->source), now_ms, NULL, err);
}

int script_starters_sync(struct db *db, int64_t now_ms, struct err *err)
{
	struct arena *root CLEANUP(arena_free) = arena_new("starters", WORK_MAX);
	struct rows have;
	int rc = db_select(root, db, Q_STRATEGY_STARTERS, NOARGS, &have, err);

	for (size_t i = 0; rc == 0 && i < script_starters_n; i++) {
		rc = sync_one(root, db, &have, &script_starters[i], now_ms, err);
		if (rc < 0)
			err_wrap(err, "starter \"%s\"", script_starters[i].name);
	}
	return rc;
}
