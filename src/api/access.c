#include "config.h"

#include <string.h>

#include "api/api_i.h"
#include "auth/auth.h"
#include "conf/conf.h"
#include "core/hash.h"
#include "ops/ops.h"

/* Callers known from the last seconds: a page that asks for ten things at
 * once is looked up once.  An entry is good for SEEN_MS, and only as long as
 * nobody on this host has signed out or been changed since (the generation);
 * on another host that takes up to SEEN_MS to be felt.  The secret itself is
 * not kept, only its keyed hash. */
#define SEEN_MS 5000
#define SEEN_N 256

struct seen_entry {
	uint64_t hash[2];
	uint64_t generation;
	int64_t until_ms;
	struct identity who;
};
struct seen {
	struct hash_key key[2];
	struct seen_entry v[SEEN_N];
};

struct seen *seen_new(struct arena *out)
{
	struct seen *s = NEW(out, struct seen);

	s->key[0] = s->key[1] = hash_process_key();
	s->key[1].k[0] ^= 0x5ee5u;
	return s;
}

static struct seen_entry *seen_slot(struct seen *s, struct str secret,
				    uint64_t hash[static 2])
{
	for (int i = 0; i < 2; i++)
		hash[i] = siphash24(s->key[i], secret.p, secret.n);
	return &s->v[hash[0] % SEEN_N];
}

void access_forget(struct api_req *r)
{
	board_generation_bump(GEN_SESSIONS);
	/* Where there is no board, at least here. */
	memset(r->rep->api->seen->v, 0, sizeof(r->rep->api->seen->v));
}

const char *cookie_name(const struct api_req *r, bool *ret_secure)
{
	static const char *const local[] = {
		"localhost", "127.0.0.1", "[::1]"
	};
	const char *host = r->rq->host;
	bool secure = true;

	switch (r->d->conf->cookie_secure) {
	case COOKIE_NEVER:
		secure = false;
		break;
	case COOKIE_AUTO:
		for (size_t i = 0; i < ARRAY_LEN(local); i++) {
			size_t n = strlen(local[i]);

			if (!r->rq->https &&
			    strncmp(host, local[i], n) == 0 &&
			    (host[n] == '\0' || host[n] == ':'))
				secure = false;
		}
		break;
	case COOKIE_ALWAYS:
		break;
	}
	*ret_secure = secure;
	return secure ? "__Host-sid" : "sid";
}

static struct str bearer_of(const struct api_req *r)
{
	static const char scheme[] = "Bearer ";
	const char *text = request_header(r->rq, "Authorization");
	size_t n = sizeof(scheme) - 1;

	if (text == NULL || strlen(text) < n ||
	    !str_eq_nocase(str_n(text, n), str_n(scheme, n)))
		return str_n("", 0);
	return str_trim(str_c(text + n));
}

static enum need need_of(enum user_role role)
{
	switch (role) {
	case USER_VIEWER:
		return N_VIEWER;
	case USER_TRADER:
		return N_TRADER;
	case USER_ADMIN:
		return N_ADMIN;
	}
	return N_PUBLIC;
}

static void caller_set(struct api_req *r, const struct identity *who)
{
	r->who.id = who->user_id;
	r->who.role = need_of(who->role);
	r->who.name = who->name;
	r->who.ident = who;
	request_set_user(r->rq, who->user_id);
}

/* Asks the database, and remembers what it said. */
static int look_up(struct api_req *r, struct str cookie, struct str bearer,
		   struct seen_entry *slot, const uint64_t hash[static 2],
		   struct err *err)
{
	struct identity *who = NEW(r->arena, struct identity);
	/* Read first: a change while we ask makes the entry stale. */
	uint64_t generation = board_generation(GEN_SESSIONS);
	int rc;

	rc = auth_request(r->d->auth, cookie, bearer, who, err);
	if (rc < 0)
		return rc;
	memcpy(slot->hash, hash, sizeof(slot->hash));
	slot->generation = generation;
	slot->until_ms = r->now_ms + SEEN_MS;
	slot->who = *who;
	caller_set(r, who);
	return 0;
}

static int identify(struct api_req *r, struct str cookie, struct str bearer,
		    struct err *err)
{
	struct str secret = bearer.n > 0 ? bearer : cookie;
	struct seen_entry *e;
	uint64_t hash[2];

	if (secret.n == 0)
		return FAIL(err, E_UNAUTH, "neither session nor token");
	e = seen_slot(r->rep->api->seen, secret, hash);
	if (memcmp(e->hash, hash, sizeof(hash)) == 0 &&
	    e->until_ms > r->now_ms && e->until_ms <= r->now_ms + SEEN_MS &&
	    e->who.expires_ms > r->now_ms &&
	    e->generation == board_generation(GEN_SESSIONS)) {
		struct identity *who = NEW(r->arena, struct identity);

		*who = e->who;
		caller_set(r, who);
		return 0;
	}
	return look_up(r, cookie, bearer, e, hash, err);
}

int access_identify(struct api_req *r, struct err *err)
{
	bool public = r->route->need == N_PUBLIC, secure;
	struct str cookie = str_n("", 0), bearer;
	int rc;

	if (public && !(r->route->flags & RF_WHO))
		return 0;
	bearer = bearer_of(r);
	if (!request_cookie(r->rq, cookie_name(r, &secure), &cookie))
		cookie = str_n("", 0);
	if (public && cookie.n + bearer.n == 0)
		return 0;
	rc = identify(r, cookie, bearer, err);
	/* A page whose session has ended may still say so. */
	if (rc == -E_UNAUTH && public)
		return 0;
	return rc;
}

static int csrf_check(struct api_req *r, struct err *err)
{
	const char *text = request_header(r->rq, "X-CSRF-Token");

	if (r->who.ident == NULL || r->who.ident->token_id != 0 ||
	    r->route->flags & RF_NO_CSRF)
		return 0;
	if (!auth_csrf_ok(r->who.ident, str_c(text)))
		return FAIL(err, E_DENIED, "X-CSRF-Token is missing or wrong");
	return 0;
}

static int scope_check(const struct api_req *r, struct err *err)
{
	const struct identity *who = r->who.ident;
	bool write = r->route->method != M_GET && !(r->route->flags & RF_READ);

	if (who == NULL || who->token_id == 0)
		return 0;
	if (r->route->flags & RF_SESSION)
		return FAIL(err, E_DENIED, "not with an API token");
	if (!(who->scopes & (write ? SCOPE_TRADE : SCOPE_READ)))
		return FAIL(err, E_DENIED, "the token's scope");
	return 0;
}

static int role_check(const struct api_req *r, struct err *err)
{
	enum action act = ACT_READ;

	switch (r->route->need) {
	case N_PUBLIC:
		return 0;
	case N_VIEWER:
		break;
	case N_TRADER:
		act = ACT_CHANGE;
		break;
	case N_ADMIN:
		act = ACT_ADMIN;
		break;
	}
	return authz(r->who.ident, act, r->who.id, err);
}

static int allow_list_check(const struct api_req *r, struct err *err)
{
	const struct conf_list *nets = &r->d->conf->metrics_allow;
	const char *from = r->rq->remote;

	if (!(r->route->flags & RF_ALLOW_LIST))
		return 0;
	/* nginx on a unix socket says "unix:": that is this machine. */
	if (strncmp(from, "unix:", 5) == 0 && nets->n > 0)
		from = "127.0.0.1";
	if (!ops_address_allowed(nets->v, nets->n, from))
		return FAIL(err, E_DENIED, "%.60s is not in metrics_allow",
			    r->rq->remote);
	return 0;
}

int access_allowed(struct api_req *r, struct err *err)
{
	int rc;

	rc = allow_list_check(r, err);
	if (rc == 0)
		rc = scope_check(r, err);
	if (rc == 0)
		rc = role_check(r, err);
	if (rc < 0 || r->route->method == M_GET)
		return rc;
	/* A token is not sent by a browser on its own. */
	if (r->who.ident == NULL || r->who.ident->token_id == 0)
		rc = origin_check(r, err);
	if (rc == 0)
		rc = csrf_check(r, err);
	return rc;
}
