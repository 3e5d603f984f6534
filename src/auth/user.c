#include "config.h"

#include "auth/auth_i.h"

int auth_user_add(struct auth *a, struct str name, struct str password,
		  enum user_role role, uint64_t *ret_id, struct err *err)
{
	int64_t now = clock_ms(a->clock);
	char hash[PWHASH_MAX];
	int rc = auth_name_check(name, err);

	if (rc == 0)
		rc = pw_make(a, password, name, hash, err);
	if (rc < 0)
		return rc;
	rc = db_exec(a->db, Q_USER_ADD,
		     ARGS(V_TEXT(name), V_U64(role), V_STR(hash), V_I64(now),
			  V_I64(now)), NULL, ret_id, err);
	if (rc == -E_CONFLICT)
		return FAIL(err, E_CONFLICT, "there is a user %.*s already",
			    STR_ARG(name));
	return rc;
}

struct change {
	struct auth *a;
	struct str name;
	enum { SET_PASSWORD, SET_ROLE, SET_DISABLED } what;
	const char *hash;
	enum user_role role;
	bool disable;
};

/* Somebody must be able to undo it. */
static int last_admin(struct arena *tmp, struct db *db, uint64_t id,
		      struct err *err)
{
	struct rows r;
	int rc = db_select(tmp, db, Q_USER_OTHER_ADMINS, ARGS(V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	if (r.n == 0)
		return FAIL(err, E_UNPROCESSABLE, "the last administrator stays one");
	return 0;
}

static int change_one(struct change *c, struct db *db, uint64_t id,
		      struct err *err)
{
	switch (c->what) {
	case SET_PASSWORD:
		return db_exec(db, Q_USER_PASSWORD_SET,
			       ARGS(V_STR(c->hash), V_I64(clock_ms(c->a->clock)),
				    V_U64(id)), NULL, NULL, err);
	case SET_ROLE:
		return db_exec(db, Q_USER_ROLE_SET,
			       ARGS(V_U64(c->role), V_U64(id)), NULL, NULL, err);
	case SET_DISABLED:
		return db_exec(db, Q_USER_DISABLE,
			       ARGS(c->disable ? V_I64(clock_ms(c->a->clock)) :
						 V_NULL(), V_U64(id)),
			       NULL, NULL, err);
	}
	return FAIL(err, E_BUG, "no such change");
}

static int change_tx(void *ctx, struct db *db, struct err *err)
{
	struct change *c = ctx;
	bool down = (c->what == SET_ROLE && c->role != USER_ADMIN) ||
		    (c->what == SET_DISABLED && c->disable);
	int rc = 0;

	SCOPE(tmp, c->a->arena) {
		struct rows r;
		uint64_t id;

		rc = db_select(tmp, db, Q_USER_LOGIN, ARGS(V_TEXT(c->name)), &r,
			       err);
		if (rc == 0 && r.n == 0)
			rc = FAIL(err, E_NOTFOUND, "there is no user %.*s",
				  STR_ARG(c->name));
		if (rc < 0)
			break;
		id = row_u64(&r, 0, 0);
		if (down && row_u64(&r, 0, 1) == USER_ADMIN && row_null(&r, 0, 3))
			rc = last_admin(tmp, db, id, err);
		if (rc == 0)
			rc = change_one(c, db, id, err);
		/* Whatever was allowed before ends with the session. */
		if (rc == 0)
			rc = db_exec(db, Q_SESSION_DEL_OTHERS,
				     ARGS(V_U64(id), V_U64(0)), NULL, NULL, err);
	}
	return rc;
}

static int change(struct change *c, struct err *err)
{
	int rc = auth_name_check(c->name, err);

	if (rc == 0)
		rc = db_tx_join(c->a->db, change_tx, c, err);
	if (rc == 0)
		sessions_changed();
	return rc;
}

int auth_user_passwd(struct auth *a, struct str name, struct str password,
		     struct err *err)
{
	char hash[PWHASH_MAX];
	struct change c = { .a = a, .name = name, .what = SET_PASSWORD,
			    .hash = hash };
	struct subjects s;
	int rc = pw_make(a, password, name, hash, err);

	if (rc == 0)
		rc = change(&c, err);
	if (rc < 0)
		return rc;
	throttle_subjects(&s, name, NULL);
	return throttle_clear(a, &s, err);
}

int auth_user_role(struct auth *a, struct str name, enum user_role role,
		   struct err *err)
{
	struct change c = { .a = a, .name = name, .what = SET_ROLE,
			    .role = role };

	return change(&c, err);
}

int auth_user_disable(struct auth *a, struct str name, bool disable,
		      struct err *err)
{
	struct change c = { .a = a, .name = name, .what = SET_DISABLED,
			    .disable = disable };

	return change(&c, err);
}

int auth_users(struct arena *out, struct auth *a, struct user **ret,
	       size_t *ret_n, struct err *err)
{
	struct user *v;
	struct rows r;
	int rc = db_select(out, a->db, Q_USER_LIST, NOARGS, &r, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct user, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		v[i] = (struct user){
			.id = row_u64(&r, i, 0), .name = row_cstr(&r, i, 1),
			.role = (enum user_role)row_u64(&r, i, 2),
			.created_ms = row_i64(&r, i, 3),
			.disabled_ms = row_null(&r, i, 4) ? 0 : row_i64(&r, i, 4),
			.login_ms = row_null(&r, i, 5) ? 0 : row_i64(&r, i, 5),
		};
	*ret = v;
	*ret_n = r.n;
	return 0;
}
