#include "config.h"

#include <stdio.h>
#include <string.h>

#include "api/api_i.h"
#include "auth/auth.h"
#include "conf/conf.h"

/* Signing in and one's own account. */

static const char *const roles[] = { "viewer", "trader", "admin", NULL };
static const char *const scopes[] = { "read", "trade", NULL };
static const unsigned scope_bits[] = { SCOPE_READ, SCOPE_TRADE };

static const struct field user_fields[] = {
	FIELD("id", &sc_id, "number"),
	FIELD("name", &sc_str, "for signing in"),
	FIELD("role", ENUM_OF(roles), "what they may do"),
};
static const struct schema sc_user = OBJECT("User", user_fields, "A person");

static const struct field signed_in_fields[] = {
	FIELD("user", &sc_user, "who signed in"),
	FIELD("csrf", &sc_str, "for X-CSRF-Token"),
};
static const struct schema sc_signed_in =
	OBJECT("SignedIn", signed_in_fields, "A new session");

static const struct field prefs_fields[] = {
	FIELD_OPT("theme", &sc_str, "how pages look"),
	FIELD_OPT("timezone", &sc_str, "for times shown"),
	FIELD_OPT("locale", &sc_str, "for numbers and dates"),
};
static const struct schema sc_prefs = OBJECT("Preferences", prefs_fields,
					     "How a person wants pages");

static const char *const envs[] = { "development", "production", NULL };
static const struct field me_fields[] = {
	FIELD("user", &sc_user, "who calls"),
	FIELD_NULL("csrf", &sc_str, "null with an API token"),
	FIELD("preferences", &sc_prefs, "of this person"),
	FIELD("env", ENUM_OF(envs), "how this service is run"),
	FIELD("version", &sc_str, "of the program"),
	FIELD_NULL("sentry_dsn", &sc_str, "where pages report errors"),
};
static const struct schema sc_me = OBJECT("Me", me_fields, "Who calls");

/* ---- signing in and out ---- */

struct login_in { struct str name, password; };
static const struct param login_params[] = {
	PARAM(struct login_in, name, P_STR, "user name", .required = true,
	      .min = 1, .max = 80),
	PARAM(struct login_in, password, P_STR, "password", .required = true,
	      .min = 1, .max = AUTH_PASSWORD_MAX),
};
static const struct params login_body = PARAMS(struct login_in, login_params);

static void user_json(struct jw *w, const struct identity *who)
{
	jw_obj(w);
	jw_ku64(w, "id", who->user_id);
	jw_kstr(w, "name", who->name);
	jw_kstr(w, "role", roles[who->role]);
	jw_obj_end(w);
}

static void cookie_set(struct api_req *r, const char *value, int64_t max_age)
{
	bool secure;
	const char *name = cookie_name(r, &secure);

	answer_headerf(r->an, "Set-Cookie", "%s=%s; Path=/; HttpOnly; "
		       "SameSite=Strict; Max-Age=%lld%s", name, value,
		       (long long)max_age, secure ? "; Secure" : "");
}

static void retry_after(struct api_req *r, int64_t ms)
{
	answer_headerf(r->an, "Retry-After", "%lld",
		       (long long)(ms > 1000 ? (ms + 999) / 1000 : 1));
}

static int h_login(struct api_req *r, struct err *err)
{
	const struct login_in *in = r->body;
	struct login_result res = { .retry_after_ms = 0 };
	struct login ask = {
		.name = in->name, .password = in->password,
		.address = r->rq->remote,
		.agent = request_header(r->rq, "User-Agent"),
	};
	bool secure;
	int rc;

	if (!request_cookie(r->rq, cookie_name(r, &secure), &ask.old_cookie))
		ask.old_cookie = str_n("", 0);
	rc = auth_login(r->d->auth, &ask, &res, err);
	if (rc == -E_UNAUTH)
		api_say(r, "Name or password is wrong.");
	if (rc == -E_LIMIT)
		retry_after(r, res.retry_after_ms);
	if (rc < 0)
		return rc;
	access_forget(r);
	cookie_set(r, res.cookie, res.max_age_s);
	jw_obj(&r->w);
	jw_key(&r->w, "user");
	user_json(&r->w, &res.who);
	jw_kstr(&r->w, "csrf", res.who.csrf);
	jw_obj_end(&r->w);
	return 0;
}

static int h_logout(struct api_req *r, struct err *err)
{
	int rc;

	rc = auth_logout(r->d->auth, r->who.ident, err);
	if (rc < 0)
		return rc;
	access_forget(r);
	cookie_set(r, "", 0);
	return 0;
}

/* ---- oneself ---- */

static int h_me(struct api_req *r, struct err *err)
{
	const struct identity *who = r->who.ident;
	const struct conf *c = r->d->conf;
	struct jw *w = &r->w;
	struct str prefs;
	int rc;

	rc = auth_preferences(r->arena, r->d->auth, r->who.id, &prefs, err);
	if (rc < 0)
		return rc;
	jw_obj(w);
	jw_key(w, "user");
	user_json(w, who);
	jw_kstr(w, "csrf", who->token_id == 0 ? who->csrf : NULL);
	jw_key(w, "preferences");
	jw_raw(w, prefs.p, prefs.n);
	jw_kstr(w, "env", envs[c->env]);
	jw_kstr(w, "version", r->d->version);
	jw_kstr(w, "sentry_dsn", c->enable_sentry && c->sentry_dsn[0] != '\0' ?
		c->sentry_dsn : NULL);
	jw_obj_end(w);
	return 0;
}

struct prefs_in { struct str theme, timezone, locale; };
static const struct param prefs_params[] = {
	PARAM(struct prefs_in, theme, P_STR, "how pages look", .max = 40,
	      .nullable = true),
	PARAM(struct prefs_in, timezone, P_STR, "for times shown", .max = 60,
	      .nullable = true),
	PARAM(struct prefs_in, locale, P_STR, "for numbers and dates",
	      .max = 40, .nullable = true),
};
static const struct params prefs_body = PARAMS(struct prefs_in, prefs_params);
struct me_in { void *preferences; };
static const struct param me_params[] = {
	PARAM(struct me_in, preferences, P_OBJ, "those to change",
	      .sub = &prefs_body),
};
static const struct params me_body = PARAMS(struct me_in, me_params);

static void pref(struct jw *w, const char *key, struct str s)
{
	if (s.p == NULL)
		return;
	jw_key(w, key);
	jw_strn(w, s.p, s.n);
}

static int h_me_change(struct api_req *r, struct err *err)
{
	const struct me_in *in = r->body;
	const struct prefs_in *p = in->preferences;
	struct sbuf b;
	struct jw w;

	if (p == NULL)
		return 0;
	sbuf_init(&b, r->arena, 4096);
	jw_init(&w, &b);
	jw_obj(&w);
	pref(&w, "theme", p->theme);
	pref(&w, "timezone", p->timezone);
	pref(&w, "locale", p->locale);
	jw_obj_end(&w);
	return auth_preferences_set(r->d->auth, r->who.id,
				    str_n(b.buf, b.len), err);
}

struct password_in { struct str old, new_password; };
static const struct param password_params[] = {
	PARAM_NAMED(struct password_in, old, "old", P_STR,
		    "the present password", .required = true, .min = 1,
		    .max = AUTH_PASSWORD_MAX),
	PARAM_NAMED(struct password_in, new_password, "new", P_STR,
		    "the new password", .required = true, .min = 1,
		    .max = AUTH_PASSWORD_MAX),
};
static const struct params password_body =
	PARAMS(struct password_in, password_params);

static int h_password(struct api_req *r, struct err *err)
{
	const struct password_in *in = r->body;
	int64_t wait_ms = 0;
	int rc;

	rc = auth_password_change(r->d->auth, r->who.ident, in->old,
				  in->new_password, &wait_ms, err);
	/* The session is as good as before: this is no 401. */
	if (rc == -E_UNAUTH)
		return api_bad(r, err, "old", "is not your password");
	if (rc == -E_LIMIT)
		retry_after(r, wait_ms);
	if (rc == -E_UNPROCESSABLE)
		api_say(r, "%s", err->msg);
	if (rc == 0)
		access_forget(r);
	return rc;
}

/* ---- sessions ---- */

static const struct field session_fields[] = {
	FIELD("id", &sc_id, "number"),
	FIELD("created", &sc_time, "signed in"),
	FIELD("seen", &sc_time, "last used, to the minute"),
	FIELD("expires", &sc_time, "at the latest"),
	FIELD("address", &sc_str, "of the browser"),
	FIELD("agent", &sc_str, "what the browser says it is"),
	FIELD("current", &sc_bool, "the one that asks"),
};
static const struct schema sc_session = OBJECT("Session", session_fields,
					       "A browser signed in");

static const char *or_empty(const char *s)
{
	return s != NULL ? s : "";
}

static int h_sessions(struct api_req *r, struct err *err)
{
	struct jw *w = &r->w;
	struct session *v;
	size_t n;
	int rc;

	rc = auth_sessions(r->arena, r->d->auth, r->who.id, &v, &n, err);
	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < n; i++) {
		jw_obj(w);
		jw_ku64(w, "id", v[i].id);
		jw_ki64(w, "created", v[i].created_ms);
		jw_ki64(w, "seen", v[i].seen_ms);
		jw_ki64(w, "expires", v[i].expires_ms);
		jw_kstr(w, "address", or_empty(v[i].address));
		jw_kstr(w, "agent", or_empty(v[i].agent));
		jw_kbool(w, "current", v[i].id == r->who.ident->session_id);
		jw_obj_end(w);
	}
	api_list_end(r, false, 0, 0);
	return 0;
}

typedef int revoke_fn(struct auth *a, uint64_t user_id, uint64_t id,
		      struct err *err);

static int revoke(struct api_req *r, revoke_fn *fn, struct err *err)
{
	const struct id_in *in = r->path;
	int rc = fn(r->d->auth, r->who.id, in->id, err);

	if (rc == 0)
		access_forget(r);
	return rc;
}

static int h_session_revoke(struct api_req *r, struct err *err)
{
	return revoke(r, auth_session_revoke, err);
}

/* ---- API tokens ---- */

static const struct field token_fields[] = {
	FIELD("id", &sc_id, "number"),
	FIELD("name", &sc_str, "what it is for"),
	FIELD("prefix", &sc_str, "how it begins"),
	FIELD("scopes", ARRAY_OF(ENUM_OF(scopes)), "what it may do"),
	FIELD("created", &sc_time, "made"),
	FIELD_NULL("expires", &sc_time, "until when it is good"),
	FIELD_NULL("seen", &sc_time, "last used; null: never"),
};
static const struct schema sc_token = OBJECT("Token", token_fields,
					     "A program's way in");
static const struct field new_token_fields[] = {
	FIELD("id", &sc_id, "number"),
	FIELD("name", &sc_str, "what it is for"),
	FIELD("prefix", &sc_str, "how it begins"),
	FIELD("scopes", ARRAY_OF(ENUM_OF(scopes)), "what it may do"),
	FIELD("created", &sc_time, "made"),
	FIELD_NULL("expires", &sc_time, "until when it is good"),
	FIELD_NULL("seen", &sc_time, "null"),
	FIELD("token", &sc_str, "the secret, shown this once"),
};
static const struct schema sc_new_token =
	OBJECT("NewToken", new_token_fields, "A token just made");

static void ktime(struct jw *w, const char *key, int64_t ms)
{
	jw_key(w, key);
	if (ms == 0)
		jw_null(w);
	else
		jw_time(w, ms);
}

/* The members; the object stays open. */
static void token_json(struct jw *w, const struct token *t)
{
	char prefix[16];

	snprintf(prefix, sizeof(prefix), "bot_%.8s", t->public_id);
	jw_obj(w);
	jw_ku64(w, "id", t->id);
	jw_kstr(w, "name", t->name);
	jw_kstr(w, "prefix", prefix);
	jw_key(w, "scopes");
	jw_arr(w);
	for (size_t i = 0; i < ARRAY_LEN(scope_bits); i++)
		if (t->scopes & scope_bits[i])
			jw_str(w, scopes[i]);
	jw_arr_end(w);
	jw_ki64(w, "created", t->created_ms);
	ktime(w, "expires", t->expires_ms);
	ktime(w, "seen", t->seen_ms);
}

static int h_tokens(struct api_req *r, struct err *err)
{
	struct token *v;
	size_t n;
	int rc;

	rc = auth_tokens(r->arena, r->d->auth, r->who.id, &v, &n, err);
	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < n; i++) {
		token_json(&r->w, &v[i]);
		jw_obj_end(&r->w);
	}
	api_list_end(r, false, 0, 0);
	return 0;
}

struct token_in {
	struct str name;
	struct list_in scopes;
	int64_t expires_days;
};
static const struct param token_params[] = {
	PARAM(struct token_in, name, P_STR, "what it is for",
	      .required = true, .min = 1, .max = 60),
	PARAM(struct token_in, scopes, P_ARR, "what it may do",
	      .required = true, .item = P_ENUM, .names = scopes, .min = 1,
	      .max = 2),
	PARAM(struct token_in, expires_days, P_I64, "good for so many days",
	      .min = 1, .max = 365, .def = 90),
};
static const struct params token_body = PARAMS(struct token_in, token_params);

static int h_token_create(struct api_req *r, struct err *err)
{
	const struct token_in *in = r->body;
	const int *wanted = in->scopes.v;
	char secret[AUTH_TOKEN_LEN + 1];
	struct token t;
	unsigned bits = 0;
	int rc;

	for (size_t i = 0; i < in->scopes.n; i++)
		bits |= scope_bits[wanted[i]];
	rc = auth_token_create(r->d->auth, r->who.ident, in->name, bits,
			       in->expires_days, &t, r->arena, secret, err);
	if (rc == -E_UNPROCESSABLE)
		api_say(r, "%s", err->msg);
	if (rc < 0)
		return rc;
	token_json(&r->w, &t);
	jw_kstr(&r->w, "token", secret);
	jw_obj_end(&r->w);
	api_created(r, "/api/v1/tokens/%llu", (unsigned long long)t.id);
	return 0;
}

static int h_token_revoke(struct api_req *r, struct err *err)
{
	return revoke(r, auth_token_revoke, err);
}

static const struct route routes[] = {
	{ .method = M_POST, .path = "/api/v1/login", .id = "login",
	  .doc = "Signs in; the session is a cookie.", .fn = h_login,
	  .flags = RF_NO_CSRF | RF_RATE_LOGIN, .body = &login_body,
	  .body_max = 4096, .answer = &sc_signed_in,
	  .problems = 1u << E_UNAUTH | 1u << E_DB | 1u << E_LIMIT },
	{ .method = M_POST, .path = "/api/v1/logout", .id = "logout",
	  .doc = "Ends the session.", .fn = h_logout, .need = N_VIEWER,
	  .flags = RF_SESSION },
	{ .method = M_GET, .path = "/api/v1/me", .id = "getMe",
	  .doc = "Who calls.", .fn = h_me, .need = N_VIEWER,
	  .answer = &sc_me },
	{ .method = M_PATCH, .path = "/api/v1/me", .id = "changeMe",
	  .doc = "Changes preferences; what is not named stays.",
	  .fn = h_me_change, .need = N_VIEWER, .flags = RF_SESSION,
	  .body = &me_body, .body_max = 4096 },
	{ .method = M_POST, .path = "/api/v1/me/password",
	  .id = "changePassword",
	  .doc = "Changes the password; all other sessions end.",
	  .fn = h_password, .need = N_VIEWER,
	  .flags = RF_SESSION | RF_RATE_LOGIN,
	  .body = &password_body, .body_max = 4096,
	  .problems = 1u << E_UNPROCESSABLE },
	{ .method = M_GET, .path = "/api/v1/sessions", .id = "listSessions",
	  .doc = "The caller's browsers that are signed in.",
	  .fn = h_sessions, .need = N_VIEWER, .flags = RF_SESSION,
	  .answer = LIST_OF(&sc_session) },
	{ .method = M_DELETE, .path = "/api/v1/sessions/{id}",
	  .id = "revokeSession", .doc = "Ends one of the caller's sessions.",
	  .fn = h_session_revoke, .need = N_VIEWER, .flags = RF_SESSION,
	  .path_in = &id_path },
	{ .method = M_GET, .path = "/api/v1/tokens", .id = "listTokens",
	  .doc = "The caller's API tokens, without their secrets.",
	  .fn = h_tokens, .need = N_VIEWER, .flags = RF_SESSION,
	  .answer = LIST_OF(&sc_token) },
	{ .method = M_POST, .path = "/api/v1/tokens", .id = "createToken",
	  .doc = "Makes an API token; its secret is in this answer only.",
	  .fn = h_token_create, .need = N_VIEWER,
	  .flags = RF_SESSION | RF_SECRET, .body = &token_body,
	  .body_max = 4096, .status = 201, .answer = &sc_new_token },
	{ .method = M_DELETE, .path = "/api/v1/tokens/{id}",
	  .id = "revokeToken", .doc = "Ends one of the caller's API tokens.",
	  .fn = h_token_revoke, .need = N_VIEWER, .flags = RF_SESSION,
	  .path_in = &id_path },
};
const struct area area_auth = AREA(routes);
