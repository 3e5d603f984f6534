#include "config.h"

#include <stdio.h>
#include <string.h>

#include "auth/auth_i.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define PREFERENCES_MAX 4096
#define TOKEN_NAME_MAX 60

/* ---- sessions -------------------------------------------------------------- */

int auth_sessions(struct arena *out, struct auth *a, uint64_t user,
		  struct session **ret, size_t *ret_n, struct err *err)
{
	int64_t now = clock_ms(a->clock);
	struct session *v;
	struct rows r;
	int rc;

	rc = db_select(out, a->db, Q_SESSION_LIST,
		       ARGS(V_U64(user), V_I64(now), V_I64(now - a->idle_ms)),
		       &r, err);
	if (rc < 0)
		return rc;
	v = NEW_N(out, struct session, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		v[i] = (struct session){
			.id = row_u64(&r, i, 0), .created_ms = row_i64(&r, i, 1),
			.seen_ms = row_i64(&r, i, 2),
			.expires_ms = row_i64(&r, i, 3),
			.address = row_cstr(&r, i, 4),
			.agent = row_cstr(&r, i, 5),
		};
	*ret = v;
	*ret_n = r.n;
	return 0;
}

static int revoke(struct auth *a, enum stmt q, uint64_t user, uint64_t id,
		  struct err *err)
{
	uint64_t n = 0;
	int rc = db_exec(a->db, q, ARGS(V_U64(id), V_U64(user)), &n, NULL, err);

	if (rc < 0)
		return rc;
	if (n == 0)
		return FAIL(err, E_NOTFOUND, "this user has no such one");
	sessions_changed();
	return 0;
}

int auth_session_revoke(struct auth *a, uint64_t user, uint64_t id,
			struct err *err)
{
	return revoke(a, Q_SESSION_DEL, user, id, err);
}

/* ---- tokens ---------------------------------------------------------------- */

static void public_id_new(char out[static 9])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (size_t i = 0; i < 8; i++)
		out[i] = alphabet[randombytes_uniform(sizeof(alphabet) - 1)];
	out[8] = '\0';
}

static int token_check(struct str name, unsigned scopes, int64_t days,
		       struct err *err)
{
	if (name.n == 0 || !str_utf8_valid(name) ||
	    utf8_chars(name) > TOKEN_NAME_MAX)
		return FAIL(err, E_UNPROCESSABLE, "A token's name has 1 to %d "
			    "characters.", TOKEN_NAME_MAX);
	if (scopes == 0 || (scopes & ~(unsigned)SCOPE_ALL) != 0)
		return FAIL(err, E_UNPROCESSABLE, "A token needs a scope.");
	if (days < 1 || days > 365)
		return FAIL(err, E_UNPROCESSABLE, "A token lives 1 to 365 days.");
	return 0;
}

struct token_tx {
	struct auth *a;
	uint64_t user, id;
	struct str name, public_id;
	unsigned scopes;
	int64_t now, expires;
	unsigned char hash[HASH_LEN];
};

static int token_add(void *ctx, struct db *db, struct err *err)
{
	struct token_tx *t = ctx;
	int64_t n = 0;
	int rc = 0;

	rc = db_exec(db, Q_TOKEN_PURGE, ARGS(V_U64(t->user), V_I64(t->now)),
		     NULL, NULL, err);
	SCOPE(tmp, t->a->arena) {
		struct rows r;

		if (rc == 0)
			rc = db_select(tmp, db, Q_TOKEN_COUNT,
				       ARGS(V_U64(t->user)), &r, err);
		if (rc == 0)
			n = row_i64(&r, 0, 0);
	}
	if (rc == 0 && n >= TOKENS_MAX)
		rc = FAIL(err, E_UNPROCESSABLE, "There are %d tokens already: "
			  "revoke one.", TOKENS_MAX);
	if (rc == 0)
		rc = db_exec(db, Q_TOKEN_ADD,
			     ARGS(V_U64(t->user), V_TEXT(t->public_id),
				  V_HASH(t->hash, HASH_LEN), V_TEXT(t->name),
				  V_U64(t->scopes), V_I64(t->now),
				  V_I64(t->expires)), NULL, &t->id, err);
	return rc;
}

int auth_token_create(struct auth *a, const struct identity *who,
		      struct str name, unsigned scopes, int64_t days,
		      struct token *ret, struct arena *out,
		      char ret_secret[static AUTH_TOKEN_LEN + 1],
		      struct err *err)
{
	char id[9], secret[AUTH_SECRET_LEN + 1], text[AUTH_TOKEN_LEN + 1];
	struct token_tx t = { .a = a, .user = who->user_id, .name = name,
			      .scopes = scopes, .now = clock_ms(a->clock) };
	int rc = token_check(name, scopes, days, err);

	if (rc < 0)
		return rc;
	public_id_new(id);
	secret_new(secret);
	snprintf(text, sizeof(text), "bot_%s_%s", id, secret);
	secret_hash(t.hash, str_n(text, AUTH_TOKEN_LEN));
	t.public_id = str_n(id, 8);
	t.expires = t.now + days * DAY_MS;
	rc = db_tx_join(a->db, token_add, &t, err);
	if (rc < 0)
		return rc;
	*ret = (struct token){
		.id = t.id, .name = str_dup(out, name),
		.public_id = arena_strdup(out, id), .scopes = scopes,
		.created_ms = t.now, .expires_ms = t.expires,
	};
	memcpy(ret_secret, text, sizeof(text));
	return 0;
}

int auth_tokens(struct arena *out, struct auth *a, uint64_t user,
		struct token **ret, size_t *ret_n, struct err *err)
{
	struct token *v;
	struct rows r;
	int rc = db_select(out, a->db, Q_TOKEN_LIST, ARGS(V_U64(user)), &r, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct token, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		v[i] = (struct token){
			.id = row_u64(&r, i, 0), .name = row_cstr(&r, i, 1),
			.public_id = row_cstr(&r, i, 2),
			.scopes = (unsigned)row_u64(&r, i, 3),
			.created_ms = row_i64(&r, i, 4),
			.expires_ms = row_i64(&r, i, 5),
			.seen_ms = row_null(&r, i, 6) ? 0 : row_i64(&r, i, 6),
		};
	*ret = v;
	*ret_n = r.n;
	return 0;
}

int auth_token_revoke(struct auth *a, uint64_t user, uint64_t id,
		      struct err *err)
{
	return revoke(a, Q_TOKEN_DEL, user, id, err);
}

/* ---- preferences ------------------------------------------------------------ */

int auth_preferences(struct arena *out, struct auth *a, uint64_t user,
		     struct str *ret, struct err *err)
{
	struct rows r;
	int rc = db_select(out, a->db, Q_USER_PREFERENCES, ARGS(V_U64(user)), &r,
			   err);

	if (rc < 0)
		return rc;
	if (r.n == 0)
		return FAIL(err, E_NOTFOUND, "no such user");
	*ret = row_str(&r, 0, 0);
	return 0;
}

int auth_preferences_set(struct auth *a, uint64_t user, struct str json,
			 struct err *err)
{
	uint64_t n = 0;
	int rc;

	if (json.n > PREFERENCES_MAX)
		return FAIL(err, E_TOOBIG, "more than %d bytes of preferences",
			    PREFERENCES_MAX);
	rc = db_exec(a->db, Q_USER_PREFERENCES_SET,
		     ARGS(V_TEXT(json), V_U64(user)), &n, NULL, err);
	if (rc == -E_INVAL)
		return FAIL(err, E_INVAL, "the preferences are not JSON, or become "
			    "too long");
	if (rc == 0 && n == 0)
		return FAIL(err, E_NOTFOUND, "no such user");
	return rc;
}
