#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H
/* auth.h - who is asking, and what they may do.
 *
 * Users have a name, a role and an argon2id hash.  A browser holds an opaque
 * session secret in a cookie, a program an API token; of both the database
 * keeps SHA-256 only.  Whoever reads the database cannot sign in with what is
 * in it.
 *
 * Every answer about a wrong name is the answer about a wrong password, after
 * the same work.  After five failures of an account, or from an address (/64
 * for IPv6), the next attempt waits 1 s, then 2, 4 ... 15 min; nobody is locked
 * out for good.  At most two hashes (64 MiB each) are computed at once on a
 * host, by locks on files in the run directory.
 *
 * Errors: -E_UNAUTH not signed in, or wrong name or password | -E_LIMIT wait
 * (retry_after_ms says how long) | -E_BUSY no hash slot in ten seconds |
 * -E_DENIED the role or scope does not suffice | -E_NOTFOUND no such object of
 * this user | -E_CONFLICT name taken | -E_UNPROCESSABLE the password or name
 * breaks a rule, which the sentence names (it may be shown to the user).
 *
 * A second factor will come: user.totp_* are its columns.  A user who has one
 * is refused here (-E_DENIED), since this program could not ask for it. */
#include "core/clock.h"
#include "core/err.h"
#include "core/str.h"

struct conf;
struct db;

enum user_role { USER_VIEWER, USER_TRADER, USER_ADMIN };
const char *user_role_name(enum user_role r);
MUST_CHECK bool role_parse(struct str name, enum user_role *ret);

enum auth_scope { SCOPE_READ = 1, SCOPE_TRADE = 2, SCOPE_ALL = 3 };

#define AUTH_NAME_MAX	40	/* [a-z][a-z0-9._-]* */
#define AUTH_SECRET_LEN	43	/* base64url of 32 bytes */
#define AUTH_TOKEN_LEN	56	/* bot_<8>_<43> */
#define AUTH_PASSWORD_MIN 15	/* characters */
#define AUTH_PASSWORD_MAX 256	/* bytes */

struct identity {
	uint64_t user_id;
	char name[AUTH_NAME_MAX + 1];
	enum user_role role;
	uint64_t session_id;		/* 0: an API token */
	uint64_t token_id;		/* 0: a session */
	unsigned scopes;		/* of enum auth_scope; a session has all */
	int64_t expires_ms;		/* at the latest */
	int64_t proved_ms;		/* password last given; 0 with a token */
	char csrf[AUTH_SECRET_LEN + 1];	/* "" with a token */
};

/* One per worker.  clock may be a virtual one. */
struct auth;
struct auth *auth_new(struct arena *out, const struct conf *c, struct db *db,
		      const struct clock *clock) NONNULL_RET;

/* ---- signing in ---------------------------------------------------------- */

struct login {			/* who asks */
	struct str name, password;
	const char *address;	/* textual; NULL for none (orchctl) */
	const char *agent;	/* User-Agent, cut to 200 bytes; may be NULL */
	struct str old_cookie;	/* a session this browser had: it ends */
};
struct login_result {
	struct identity who;
	char cookie[AUTH_SECRET_LEN + 1];
	int64_t max_age_s;	/* for the cookie */
	int64_t retry_after_ms;	/* set with -E_LIMIT */
};
MUST_CHECK int auth_login(struct auth *a, const struct login *in,
			  struct login_result *ret, struct err *err);
MUST_CHECK int auth_logout(struct auth *a, const struct identity *who,
			   struct err *err);

/* ---- every request ------------------------------------------------------- */

/* The cookie's value, or what follows "Bearer " (that one wins when both are
 * there); one SELECT.  `seen` is written at most once a minute.  -E_UNAUTH
 * when both are empty, unknown, expired, or the user is disabled. */
MUST_CHECK int auth_request(struct auth *a, struct str cookie,
			    struct str bearer, struct identity *ret,
			    struct err *err);
/* Constant time. */
bool auth_csrf_ok(const struct identity *who, struct str header);

/* What kind of thing is to be done with an object. */
enum action {
	ACT_READ,	/* viewer; scope read */
	ACT_CHANGE,	/* trader; scope trade */
	ACT_ADMIN,	/* admin, in a browser session */
};
/* The only place that decides: who may do it to what belongs to owner (0: to
 * nobody).  -E_UNAUTH without a user, -E_DENIED for the role or scope,
 * -E_NOTFOUND when it is another's.  An admin may read others' objects. */
MUST_CHECK int authz(const struct identity *who, enum action act,
		     uint64_t owner, struct err *err);

/* ---- one's own account --------------------------------------------------- */

struct session {
	uint64_t id;
	int64_t created_ms, seen_ms, expires_ms;
	const char *address, *agent;	/* may be NULL */
};
#define AUTH_LIST_MAX 200
MUST_CHECK int auth_sessions(struct arena *out, struct auth *a, uint64_t user,
			     struct session **ret, size_t *ret_n,
			     struct err *err);
MUST_CHECK int auth_session_revoke(struct auth *a, uint64_t user, uint64_t id,
				   struct err *err);

struct token {
	uint64_t id;
	const char *name, *public_id;	/* the 8 characters after bot_ */
	unsigned scopes;
	int64_t created_ms, expires_ms;
	int64_t seen_ms;		/* 0: never used */
};
/* The secret is in ret_secret this once.  days 1..365; at most 50 a user. */
MUST_CHECK int auth_token_create(struct auth *a, const struct identity *who,
				 struct str name, unsigned scopes, int64_t days,
				 struct token *ret, struct arena *out,
				 char ret_secret[static AUTH_TOKEN_LEN + 1],
				 struct err *err);
MUST_CHECK int auth_tokens(struct arena *out, struct auth *a, uint64_t user,
			   struct token **ret, size_t *ret_n, struct err *err);
MUST_CHECK int auth_token_revoke(struct auth *a, uint64_t user, uint64_t id,
				 struct err *err);

/* The old password is checked and throttled as at sign-in; every other session
 * of the user ends. */
MUST_CHECK int auth_password_change(struct auth *a, const struct identity *who,
				    struct str old, struct str new_password,
				    int64_t *ret_retry_after_ms,
				    struct err *err);
/* A JSON object, at most 4 KiB; "{}" at first.  Setting merges the members
 * given into it. */
MUST_CHECK int auth_preferences(struct arena *out, struct auth *a,
				uint64_t user, struct str *ret,
				struct err *err);
MUST_CHECK int auth_preferences_set(struct auth *a, uint64_t user,
				    struct str json, struct err *err);

/* ---- user administration (orchctl user, later the page) ------------------- */

struct user {
	uint64_t id;
	const char *name;
	enum user_role role;
	int64_t created_ms;
	int64_t disabled_ms;		/* 0: enabled */
	int64_t login_ms;		/* 0: never */
};
MUST_CHECK int auth_user_add(struct auth *a, struct str name,
			     struct str password, enum user_role role,
			     uint64_t *ret_id, struct err *err);
MUST_CHECK int auth_user_passwd(struct auth *a, struct str name,
				struct str password, struct err *err);
MUST_CHECK int auth_user_role(struct auth *a, struct str name,
			      enum user_role role, struct err *err);
/* Disabled: no session, no token and no password of theirs works. */
MUST_CHECK int auth_user_disable(struct auth *a, struct str name, bool disable,
				 struct err *err);
MUST_CHECK int auth_users(struct arena *out, struct auth *a, struct user **ret,
			  size_t *ret_n, struct err *err);

/* ---- rules ---------------------------------------------------------------- */

/* 0, or -E_UNPROCESSABLE with a sentence for the user. */
MUST_CHECK int auth_name_check(struct str name, struct err *err);
MUST_CHECK int auth_password_check(struct str password, struct str name,
				   struct err *err);
/* A password nobody has to remember: 24 letters and digits, 142 bits. */
#define AUTH_RANDOM_LEN 24
void auth_password_random(char out[static AUTH_RANDOM_LEN + 1]);

#endif /* AUTH_AUTH_H */
