#include "config.h"

#include <string.h>

#include "auth/auth_i.h"
#include "conf/conf.h"
#include "core/rand.h"
#include "proc/board.h"

#define OPSLIMIT	3
#define MEMLIMIT	((size_t)64 << 20)
#define GATE_WAIT_MS	10000
#define SEEN_EVERY_MS	60000

static const char *const role_names[] = { "viewer", "trader", "admin" };

const char *user_role_name(enum user_role r)
{
	return role_names[r];
}

bool role_parse(struct str name, enum user_role *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(role_names); i++) {
		if (str_eqc(name, role_names[i])) {
			*ret = (enum user_role)i;
			return true;
		}
	}
	return false;
}

struct auth *auth_new(struct arena *out, const struct conf *c, struct db *db,
		      const struct clock *clock)
{
	struct auth *a = NEW(out, struct auth);
	int rc = sodium_init();

	assert(rc >= 0);
	a->magic = AUTH_MAGIC;
	a->arena = out;
	a->db = db;
	a->clock = clock;
	a->run_dir = c->run_dir;
	a->idle_ms = c->session_idle * 1000;
	a->absolute_ms = c->session_absolute * 1000;
	a->ops = OPSLIMIT;
	a->mem = MEMLIMIT;
	a->gate_wait_ms = GATE_WAIT_MS;
	return a;
}

/* ---- secrets -------------------------------------------------------------- */

#define B64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

void secret_new(char out[static AUTH_SECRET_LEN + 1])
{
	unsigned char raw[32];

	rand_secret(raw, sizeof(raw));
	sodium_bin2base64(out, AUTH_SECRET_LEN + 1, raw, sizeof(raw), B64);
	sodium_memzero(raw, sizeof(raw));
}

bool secret_well_formed(struct str s)
{
	if (s.n != AUTH_SECRET_LEN)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return true;
}

void secret_hash(unsigned char out[static HASH_LEN], struct str secret)
{
	crypto_hash_sha256(out, (const unsigned char *)secret.p, secret.n);
}

/* Follows from the cookie, so it needs no column, and says nothing of it. */
void csrf_of(char out[static AUTH_SECRET_LEN + 1], struct str cookie)
{
	static const unsigned char what[] = "orch csrf 1";
	unsigned char mac[32];

	crypto_generichash(mac, sizeof(mac), what, sizeof(what) - 1,
			   (const unsigned char *)cookie.p, cookie.n);
	sodium_bin2base64(out, AUTH_SECRET_LEN + 1, mac, sizeof(mac), B64);
}

bool auth_csrf_ok(const struct identity *who, struct str header)
{
	return header.n == AUTH_SECRET_LEN && who->csrf[0] != '\0' &&
	       sodium_memcmp(who->csrf, header.p, AUTH_SECRET_LEN) == 0;
}

void sessions_changed(void)
{
	board_generation_bump(GEN_SESSIONS);
}

/* ---- who is asking -------------------------------------------------------- */

static int nobody(struct err *err, const char *why)
{
	return FAIL(err, E_UNAUTH, "%s", why);
}

static int64_t seen_every(const struct auth *a)
{
	return a->idle_ms / 4 < SEEN_EVERY_MS ? a->idle_ms / 4 : SEEN_EVERY_MS;
}

/* Losing one of these costs nothing but accuracy. */
static void touch(struct auth *a, enum stmt q, uint64_t id, int64_t seen,
		  int64_t every)
{
	int64_t now = clock_ms(a->clock);
	struct err ignored;
	int rc = 0;

	if (now - seen >= every)
		rc = db_exec(a->db, q, ARGS(V_I64(now), V_U64(id), V_I64(now)),
			     NULL, NULL, &ignored);
	(void)rc;
}

static void fill_user(struct identity *who, const struct rows *r, size_t id_col)
{
	struct str name = row_str(r, 0, id_col + 1);

	who->user_id = row_u64(r, 0, id_col);
	assert(name.n <= AUTH_NAME_MAX);
	memcpy(who->name, name.p, name.n);
	who->role = (enum user_role)row_u64(r, 0, id_col + 2);
}

static int by_session(struct auth *a, struct str cookie, struct identity *ret,
		      struct err *err)
{
	struct identity who = { .scopes = SCOPE_ALL };
	int64_t now = clock_ms(a->clock), seen = 0;
	unsigned char hash[HASH_LEN];
	int rc = 0;

	if (!secret_well_formed(cookie))
		return nobody(err, "the session cookie is malformed");
	secret_hash(hash, cookie);
	SCOPE(tmp, a->arena) {
		struct rows r;

		rc = db_select(tmp, a->db, Q_SESSION_FIND,
			       ARGS(V_HASH(hash, HASH_LEN)), &r, err);
		if (rc == 0 && r.n == 0)
			rc = nobody(err, "the session does not exist");
		if (rc < 0)
			break;
		who.session_id = row_u64(&r, 0, 0);
		fill_user(&who, &r, 1);
		seen = row_i64(&r, 0, 4);
		who.expires_ms = row_i64(&r, 0, 5);
		who.proved_ms = row_i64(&r, 0, 6);
	}
	if (rc < 0)
		return rc;
	if (now >= who.expires_ms || now - seen >= a->idle_ms)
		return nobody(err, "the session has expired");
	touch(a, Q_SESSION_SEEN, who.session_id, seen, seen_every(a));
	csrf_of(who.csrf, cookie);
	*ret = who;
	return 0;
}

/* bot_<8>_<43> */
static bool token_parts(struct str token, struct str *ret_id)
{
	if (token.n != AUTH_TOKEN_LEN || !str_starts(token, "bot_") ||
	    token.p[12] != '_' ||
	    !secret_well_formed(str_n(token.p + 13, AUTH_SECRET_LEN)))
		return false;
	*ret_id = str_n(token.p + 4, 8);
	for (size_t i = 0; i < ret_id->n; i++)
		if (!(ret_id->p[i] >= 'a' && ret_id->p[i] <= 'z') &&
		    !(ret_id->p[i] >= '0' && ret_id->p[i] <= '9'))
			return false;
	return true;
}

static int by_token(struct auth *a, struct str token, struct identity *ret,
		    struct err *err)
{
	unsigned char hash[HASH_LEN];
	struct identity who = { 0 };
	int64_t seen = 0;
	struct str id;
	int rc = 0;

	if (!token_parts(token, &id))
		return nobody(err, "the API token is malformed");
	secret_hash(hash, token);
	SCOPE(tmp, a->arena) {
		struct rows r;

		rc = db_select(tmp, a->db, Q_TOKEN_FIND, ARGS(V_TEXT(id)), &r,
			       err);
		if (rc == 0 && (r.n == 0 || row_str(&r, 0, 4).n != HASH_LEN ||
				sodium_memcmp(row_str(&r, 0, 4).p, hash,
					      HASH_LEN) != 0))
			rc = nobody(err, "the API token does not exist");
		if (rc < 0)
			break;
		who.token_id = row_u64(&r, 0, 0);
		fill_user(&who, &r, 1);
		who.scopes = (unsigned)row_u64(&r, 0, 5);
		who.expires_ms = row_i64(&r, 0, 6);
		seen = row_null(&r, 0, 7) ? 0 : row_i64(&r, 0, 7);
	}
	if (rc < 0)
		return rc;
	if (clock_ms(a->clock) >= who.expires_ms)
		return nobody(err, "the API token has expired");
	touch(a, Q_TOKEN_SEEN, who.token_id, seen, SEEN_EVERY_MS);
	*ret = who;
	return 0;
}

int auth_request(struct auth *a, struct str cookie, struct str bearer,
		 struct identity *ret, struct err *err)
{
	assert(a->magic == AUTH_MAGIC);
	if (bearer.n > 0)
		return by_token(a, bearer, ret, err);
	if (cookie.n > 0)
		return by_session(a, cookie, ret, err);
	return nobody(err, "no session and no token");
}

/* ---- what they may do ------------------------------------------------------ */

int authz(const struct identity *who, enum action act, uint64_t owner,
	  struct err *err)
{
	static const struct {
		enum user_role role;
		unsigned scope;
		bool session;
	} need[] = {
		[ACT_READ] = { USER_VIEWER, SCOPE_READ, false },
		[ACT_CHANGE] = { USER_TRADER, SCOPE_TRADE, false },
		[ACT_ADMIN] = { USER_ADMIN, SCOPE_ALL, true },
	};

	if (who->user_id == 0)
		return nobody(err, "nobody is signed in");
	/* What one may not even see does not exist. */
	if (owner != 0 && owner != who->user_id &&
	    !(who->role == USER_ADMIN && act == ACT_READ))
		return FAIL(err, E_NOTFOUND, "it belongs to another user");
	if (who->role < need[act].role)
		return FAIL(err, E_DENIED, "role %s does not suffice",
			    user_role_name(who->role));
	if ((who->scopes & need[act].scope) != need[act].scope)
		return FAIL(err, E_DENIED, "the token's scope does not suffice");
	if (need[act].session && who->session_id == 0)
		return FAIL(err, E_DENIED, "not with a token");
	return 0;
}
