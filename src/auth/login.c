#include "config.h"

#include <string.h>

#include "auth/auth_i.h"

/* The user of an attempt; password NULL: there is none to compare with. */
struct account {
	uint64_t id;
	struct str name;
	enum user_role role;
	const char *password;
	bool second_factor;
};

static int account_find(struct arena *out, struct auth *a, struct str name,
			struct account *ret, struct err *err)
{
	struct err why;
	struct rows r;
	int rc;

	*ret = (struct account){ .name = name };
	/* What cannot be a name is unknown like any other. */
	if (auth_name_check(name, &why) < 0)
		return 0;
	rc = db_select(out, a->db, Q_USER_LOGIN, ARGS(V_TEXT(name)), &r, err);
	if (rc < 0 || r.n == 0)
		return rc;
	ret->id = row_u64(&r, 0, 0);
	ret->role = (enum user_role)row_u64(&r, 0, 1);
	ret->second_factor = !row_null(&r, 0, 4);
	if (row_null(&r, 0, 3))		/* a disabled one has no password */
		ret->password = row_cstr(&r, 0, 2);
	return 0;
}

/* Replaces the hash by one with today's parameters.  Only a convenience:
 * the old one still works when this fails. */
static void rehash(struct auth *a, const struct account *u, struct str password)
{
	char hash[PWHASH_MAX];
	struct err ignored;
	int rc;

	if (!pw_needs_rehash(a, u->password) ||
	    pw_hash(a, password, hash, &ignored) < 0)
		return;
	rc = db_exec(a->db, Q_USER_REHASH,
		     ARGS(V_STR(hash), V_U64(u->id), V_STR(u->password)), NULL,
		     NULL, &ignored);
	(void)rc;
}

/* Within a gate, so that as many attempts as there are slots, and no more, can
 * pass the throttle before the first of them is counted. */
static int verify_gated(struct auth *a, const struct account *u,
			const struct subjects *s, struct str password,
			int64_t *ret_wait_ms, struct err *err)
{
	int rc = throttle_check(a, s, ret_wait_ms, err);

	if (rc < 0)
		return rc;
	if (!pw_verify(u->password, password)) {
		rc = throttle_fail(a, s, err);
		return rc < 0 ? rc : FAIL(err, E_UNAUTH,
					  "wrong name or password");
	}
	rehash(a, u, password);
	return 0;
}

static int verify(struct auth *a, const struct account *u, const char *address,
		  struct str password, int64_t *ret_wait_ms, struct err *err)
{
	struct subjects s;
	struct gate g;
	int rc;

	throttle_subjects(&s, u->name, address);
	/* Who has to wait need not queue for a slot first. */
	rc = throttle_check(a, &s, ret_wait_ms, err);
	if (rc == 0)
		rc = gate_enter(a, &g, err);
	if (rc < 0)
		return rc;
	rc = verify_gated(a, u, &s, password, ret_wait_ms, err);
	gate_leave(&g);
	if (rc == 0)
		rc = throttle_clear(a, &s, err);
	return rc;
}

struct session_tx {
	struct auth *a;
	const struct login *in;
	uint64_t user, id;
	int64_t now, expires;
	unsigned char hash[HASH_LEN];
};

static struct dbval text_or_null(const char *s, size_t max)
{
	struct str t = str_c(s);

	if (s == NULL || !str_utf8_valid(t))
		return V_NULL();
	if (t.n > max) {
		t.n = max;
		/* not in the middle of a character */
		while (t.n > 0 && ((unsigned char)t.p[t.n] & 0xc0) == 0x80)
			t.n--;
	}
	return V_TEXT(t);
}

static int session_add(void *ctx, struct db *db, struct err *err)
{
	struct session_tx *t = ctx;
	unsigned char old[HASH_LEN];
	int rc;

	/* The user's row first: two sign-ins of one user queue up here. */
	rc = db_exec(db, Q_USER_LOGGED_IN, ARGS(V_I64(t->now), V_U64(t->user)),
		     NULL, NULL, err);
	if (rc == 0)
		rc = db_exec(db, Q_SESSION_PURGE,
			     ARGS(V_U64(t->user), V_I64(t->now),
				  V_I64(t->now - t->a->idle_ms)), NULL, NULL, err);
	if (rc == 0 && secret_well_formed(t->in->old_cookie)) {
		secret_hash(old, t->in->old_cookie);
		rc = db_exec(db, Q_SESSION_DEL_HASH, ARGS(V_HASH(old, HASH_LEN)),
			     NULL, NULL, err);
	}
	if (rc == 0)
		rc = db_exec(db, Q_SESSION_ADD,
			     ARGS(V_U64(t->user), V_HASH(t->hash, HASH_LEN),
				  V_I64(t->now), V_I64(t->now), V_I64(t->expires),
				  V_I64(t->now), text_or_null(t->in->address, 45),
				  text_or_null(t->in->agent, AGENT_MAX)),
			     NULL, &t->id, err);
	return rc;
}

static int session_open(struct auth *a, const struct login *in,
			const struct account *u, struct login_result *ret,
			struct err *err)
{
	struct login_result res = { .max_age_s = a->absolute_ms / 1000 };
	struct session_tx t = { .a = a, .in = in, .user = u->id,
				.now = clock_ms(a->clock) };
	int rc;

	t.expires = t.now + a->absolute_ms;
	secret_new(res.cookie);
	secret_hash(t.hash, str_n(res.cookie, AUTH_SECRET_LEN));
	rc = db_tx_join(a->db, session_add, &t, err);
	if (rc < 0)
		return rc;
	sessions_changed();
	res.who = (struct identity){
		.user_id = u->id, .role = u->role, .session_id = t.id,
		.scopes = SCOPE_ALL, .expires_ms = t.expires,
		.proved_ms = t.now,
	};
	memcpy(res.who.name, u->name.p, u->name.n);
	csrf_of(res.who.csrf, str_n(res.cookie, AUTH_SECRET_LEN));
	*ret = res;
	return 0;
}

int auth_login(struct auth *a, const struct login *in, struct login_result *ret,
	       struct err *err)
{
	int rc = 0;

	assert(a->magic == AUTH_MAGIC && !db_in_tx(a->db));
	SCOPE(tmp, a->arena) {
		struct account u;

		rc = account_find(tmp, a, in->name, &u, err);
		if (rc == 0)
			rc = verify(a, &u, in->address, in->password,
				    &ret->retry_after_ms, err);
		if (rc == 0 && u.second_factor)
			rc = FAIL(err, E_DENIED, "this user has a second factor, "
				  "which this program cannot ask for");
		if (rc == 0)
			rc = session_open(a, in, &u, ret, err);
	}
	return rc;
}

int auth_logout(struct auth *a, const struct identity *who, struct err *err)
{
	int rc = db_exec(a->db, Q_SESSION_DEL,
			 ARGS(V_U64(who->session_id), V_U64(who->user_id)),
			 NULL, NULL, err);

	if (rc == 0)
		sessions_changed();
	return rc;
}

/* ---- one's own password ---------------------------------------------------- */

struct change_tx {
	struct auth *a;
	const struct identity *who;
	char hash[PWHASH_MAX];
};

static int change_tx(void *ctx, struct db *db, struct err *err)
{
	struct change_tx *t = ctx;
	int rc = db_exec(db, Q_USER_PASSWORD_SET,
			 ARGS(V_STR(t->hash), V_I64(clock_ms(t->a->clock)),
			      V_U64(t->who->user_id)), NULL, NULL, err);

	if (rc == 0)
		rc = db_exec(db, Q_SESSION_DEL_OTHERS,
			     ARGS(V_U64(t->who->user_id),
				  V_U64(t->who->session_id)), NULL, NULL, err);
	return rc;
}

int auth_password_change(struct auth *a, const struct identity *who,
			 struct str old, struct str new_password,
			 int64_t *ret_retry_after_ms, struct err *err)
{
	struct str name = str_c(who->name);
	struct change_tx t = { .a = a, .who = who };
	int rc = 0;

	if (who->session_id == 0)
		return FAIL(err, E_DENIED, "not with a token");
	rc = auth_password_check(new_password, name, err);
	if (rc < 0)
		return rc;
	SCOPE(tmp, a->arena) {
		struct account u;

		rc = account_find(tmp, a, name, &u, err);
		if (rc == 0)
			rc = verify(a, &u, NULL, old, ret_retry_after_ms, err);
	}
	if (rc == 0)
		rc = pw_make(a, new_password, name, t.hash, err);
	if (rc == 0)
		rc = db_tx_join(a->db, change_tx, &t, err);
	if (rc == 0)
		sessions_changed();
	return rc;
}
