#include "config.h"

#include "test.h"
#include "t_db.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/auth_i.h"
#include "conf/conf.h"
#include "core/fault.h"
#include "proc/board.h"

#define START_MS	INT64_C(1800000000000)
#define PW		"nine brown owls count 47 stars"
#define PW2		"ten quiet foxes hum 3 tunes"
#define ADDR		"192.0.2.1"

static struct arena *root;
static struct conf *conf;
static struct db *db;
static struct auth *auth;
static struct clock now;
static struct err err;
static uint64_t anna, ben;
static unsigned statements;

static void ok(int rc)
{
	if (rc != 0)
		fail_msg("%d: %s", rc, err.msg);
}

/* Cheap hashes: their cost is not what is tested. */
static struct auth *auth_make(struct db *d)
{
	struct auth *a = auth_new(root, conf, d, &now);

	a->ops = 1;
	a->mem = 1 << 20;
	return a;
}

static void counted(void *ctx, enum stmt q, int64_t ns, int rc)
{
	(void)ctx;
	(void)q;
	(void)ns;
	(void)rc;
	statements++;
}

static int fresh(void **state)
{
	static const struct db_hooks hooks = { counted, NULL };

	t_db_fresh(state);
	root = arena_new("test", 1 << 26);
	conf = conf_defaults(root, t_db_dir());
	conf->run_dir = arena_printf(root, "%s/run", t_db_dir());
	clock_virtual_init(&now, START_MS);
	db = t_db_open(root);
	db_set_hooks(db, &hooks);
	auth = auth_make(db);
	ok(auth_user_add(auth, STR("anna"), STR(PW), USER_TRADER, &anna, &err));
	ok(auth_user_add(auth, STR("ben"), STR(PW2), USER_ADMIN, &ben, &err));
	return 0;
}

static int done(void **state)
{
	(void)state;
	fault_arm(0);
	t_db_checks();
	arena_free(&root);
	return 0;
}

static struct login_result res;
static int login(const char *name, const char *password, const char *address)
{
	struct login in = {
		.name = str_c(name), .password = str_c(password),
		.address = address, .agent = "test/1",
	};

	memset(&res, 0, sizeof(res));
	return auth_login(auth, &in, &res, &err);
}

static struct identity who;
static int ask(const char *cookie)
{
	return auth_request(auth, str_c(cookie), STR(""), &who, &err);
}

static void the_right_password_signs_in(void **state)
{
	(void)state;
	ok(login("anna", PW, ADDR));
	assert_int_equal(strlen(res.cookie), AUTH_SECRET_LEN);
	assert_int_equal(res.max_age_s, conf->session_absolute);
	statements = 0;
	ok(ask(res.cookie));
	assert_int_equal(statements, 1);
	assert_true(who.user_id == anna && who.session_id == res.who.session_id);
	assert_string_equal(who.name, "anna");
	assert_int_equal(who.role, USER_TRADER);
	assert_int_equal(who.scopes, SCOPE_ALL);
	assert_true(who.expires_ms == START_MS + conf->session_absolute * 1000);
	assert_true(who.proved_ms == START_MS);
	assert_string_equal(who.csrf, res.who.csrf);
	assert_true(auth_csrf_ok(&who, str_c(res.who.csrf)));
	/* neither the cookie nor the password is in the database */
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM session WHERE hash LIKE"
				  " CONCAT(LEFT('%s', 8), '%%')", res.cookie), 0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM session WHERE hash ="
				  " UNHEX(SHA2('%s', 256))", res.cookie), 1);
	assert_int_equal(t_db_int("SELECT last_login = %lld FROM user WHERE"
				  " name = 'anna'", (long long)START_MS), 1);
}

/* Nothing in code or sentence tells which of these it was. */
static void every_wrong_sign_in_gets_the_same_answer(void **state)
{
	static const char *const names[] = {
		"anna", "nobody", "ANNA", "anna ", "", "anna' OR '1'='1",
		"anna' -- ", "admin'/*", "' UNION SELECT 1,2,'x',NULL,NULL -- ",
		"anna'; DROP TABLE user; -- ", "%", "_nna", "an\303\261a",
		"\xff\xfe", "anna\\", "1 OR 1=1", "anna\" OR \"\"=\"",
		"sleep(5)", "anna' AND SLEEP(5) AND 'a'='a", "0x616e6e61",
	};
	char first[200];

	(void)state;
	assert_int_equal(login("anna", "wrong", "192.0.2.200"), -E_UNAUTH);
	snprintf(first, sizeof(first), "%s", err.msg);
	t_db_sql("UPDATE user SET disabled = 1 WHERE name = 'ben'");
	assert_int_equal(login("ben", PW2, "192.0.2.201"), -E_UNAUTH);
	assert_string_equal(err.msg, first);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char address[32];

		snprintf(address, sizeof(address), "198.51.100.%zu", i);
		assert_int_equal(login(names[i], "wrong", address), -E_UNAUTH);
		assert_string_equal(err.msg, first);
	}
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM user"), 2);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM session"), 0);
}

static void passwords_of_any_length_are_only_wrong(void **state)
{
	static char big[100000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	assert_int_equal(login("anna", "", ADDR), -E_UNAUTH);
	assert_int_equal(login("anna", big, ADDR), -E_UNAUTH);
	big[257] = '\0';
	assert_int_equal(login("anna", big, ADDR), -E_UNAUTH);
}

static void five_failures_slow_an_account_down(void **state)
{
	int64_t want = 1000;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(login("anna", "wrong", NULL), -E_UNAUTH);
	/* 1 s, 2 s, 4 s ... 15 min, and the right password waits too */
	for (int i = 0; i < 13; i++) {
		assert_int_equal(login("anna", PW, NULL), -E_LIMIT);
		assert_true(res.retry_after_ms == want);
		clock_virtual_advance(&now, want - 1);
		assert_int_equal(login("anna", PW, NULL), -E_LIMIT);
		clock_virtual_advance(&now, 1);
		assert_int_equal(login("anna", "wrong", NULL), -E_UNAUTH);
		want = want * 2 < 900000 ? want * 2 : 900000;
	}
	/* others are not concerned */
	ok(login("ben", PW2, NULL));
	/* never for good */
	clock_virtual_advance(&now, 900000);
	ok(login("anna", PW, NULL));
	/* and then all is forgotten */
	for (int i = 0; i < 5; i++)
		assert_int_equal(login("anna", "wrong", NULL), -E_UNAUTH);
}

static void five_failures_slow_an_address_down(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		char name[8];

		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(login(name, "wrong", "2001:db8::1"), -E_UNAUTH);
	}
	assert_int_equal(login("anna", PW, "2001:db8::ffff"), -E_LIMIT);
	ok(login("anna", PW, "2001:db8:0:1::1"));
	clock_virtual_advance(&now, 1000);
	ok(login("anna", PW, "2001:db8::ffff"));
	/* a success does not clear what others do from there */
	assert_int_equal(login("x", "wrong", "2001:db8::1"), -E_UNAUTH);
	assert_int_equal(login("anna", PW, "2001:db8::1"), -E_LIMIT);
	/* an hour of silence does */
	clock_virtual_advance(&now, 3600 * 1000 + 1);
	assert_int_equal(login("x", "wrong", "2001:db8::1"), -E_UNAUTH);
	ok(login("anna", PW, "2001:db8::1"));
}

static void guesses_in_parallel_gain_nothing(void **state)
{
	enum { N = 24 };
	unsigned unauth = 0, limit = 0;
	pid_t pid[N];

	(void)state;
	db_close(db);
	for (int i = 0; i < N; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			int rc;

			auth = auth_make(t_db_open(root));
			rc = login("anna", "wrong", NULL);
			_exit(rc == -E_UNAUTH ? 1 : rc == -E_LIMIT ? 2 : 3);
		}
	}
	for (int i = 0; i < N; i++) {
		int status;

		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status));
		unauth += WEXITSTATUS(status) == 1;
		limit += WEXITSTATUS(status) == 2;
	}
	assert_int_equal(unauth + limit, N);
	assert_true(unauth >= 5 && unauth <= 6);	/* two slots */
}

static void fifty_sign_in_at_once(void **state)
{
	enum { N = 50 };
	unsigned good = 0;
	pid_t pid[N];

	(void)state;
	db_close(db);
	for (int i = 0; i < N; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			int rc;

			auth = auth_make(t_db_open(root));
			rc = login(i % 2 ? "anna" : "ben", i % 2 ? PW : PW2, ADDR);
			if (rc == 0)
				rc = ask(res.cookie);
			if (rc != 0)
				fprintf(stderr, "sign-in %d: %s\n", i, err.msg);
			_exit(rc == 0 ? 0 : 1);
		}
	}
	for (int i = 0; i < N; i++) {
		int status;

		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	assert_int_equal(good, N);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM session"), N);
}

static void at_most_two_hash_at_once(void **state)
{
	enum { N = 8 };
	int *in = mmap(NULL, sizeof(int) * 2, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(in != MAP_FAILED);
	for (int i = 0; i < N; i++) {
		if (fork() == 0) {
			struct gate g;

			for (int k = 0; k < 5; k++) {
				int n;

				if (gate_enter(auth, &g, &err) < 0)
					_exit(1);
				n = __atomic_add_fetch(&in[0], 1, __ATOMIC_SEQ_CST);
				if (n > 2)
					__atomic_store_n(&in[1], n, __ATOMIC_SEQ_CST);
				clock_sleep_ms(2);
				__atomic_sub_fetch(&in[0], 1, __ATOMIC_SEQ_CST);
				gate_leave(&g);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < N; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(in[1], 0);
	munmap(in, sizeof(int) * 2);
}

static void without_a_slot_the_answer_is_busy(void **state)
{
	struct gate a, b;

	(void)state;
	ok(gate_enter(auth, &a, &err));
	ok(gate_enter(auth, &b, &err));
	auth->gate_wait_ms = 30;
	assert_int_equal(login("anna", PW, ADDR), -E_BUSY);
	gate_leave(&a);
	ok(login("anna", PW, ADDR));
	gate_leave(&b);
	auth->run_dir = "/nonexistent/deep";
	assert_int_equal(login("anna", PW, ADDR), -E_IO);
}

static void a_session_ends_by_idleness_and_by_age(void **state)
{
	char cookie[AUTH_SECRET_LEN + 1];

	(void)state;
	ok(login("anna", PW, ADDR));
	memcpy(cookie, res.cookie, sizeof(cookie));
	clock_virtual_advance(&now, conf->session_idle * 1000 - 1);
	ok(ask(cookie));
	clock_virtual_advance(&now, conf->session_idle * 1000 - 1);
	ok(ask(cookie));
	clock_virtual_advance(&now, conf->session_idle * 1000);
	assert_int_equal(ask(cookie), -E_UNAUTH);
	/* used all the time, it ends all the same */
	ok(login("anna", PW, ADDR));
	memcpy(cookie, res.cookie, sizeof(cookie));
	for (int64_t t = 0; t + 1000 < conf->session_absolute; t += 1000) {
		clock_virtual_advance(&now, 1000 * 1000);
		t_db_sql("UPDATE session SET seen = %lld",
			 (long long)clock_ms(&now));
		if (t > 3000)	/* the middle is like the beginning */
			break;
	}
	clock_virtual_set(&now, res.who.expires_ms - 1);
	t_db_sql("UPDATE session SET seen = %lld", (long long)clock_ms(&now));
	ok(ask(cookie));
	clock_virtual_advance(&now, 1);
	assert_int_equal(ask(cookie), -E_UNAUTH);
}

static void seen_is_written_once_a_minute(void **state)
{
	(void)state;
	ok(login("anna", PW, ADDR));
	for (int i = 0; i < 59; i++) {
		clock_virtual_advance(&now, 1000);
		statements = 0;
		ok(ask(res.cookie));
		assert_int_equal(statements, 1);
	}
	clock_virtual_advance(&now, 1000);
	ok(ask(res.cookie));
	assert_int_equal(statements, 3);
	assert_int_equal(t_db_int("SELECT seen - created FROM session"), 60000);
}

static void signing_in_again_ends_the_session_before(void **state)
{
	struct login in = { .name = STR("anna"), .password = STR(PW) };
	char cookie[AUTH_SECRET_LEN + 1];

	(void)state;
	ok(login("anna", PW, ADDR));
	memcpy(cookie, res.cookie, sizeof(cookie));
	in.old_cookie = str_c(cookie);
	ok(auth_login(auth, &in, &res, &err));
	assert_string_not_equal(res.cookie, cookie);
	assert_int_equal(ask(cookie), -E_UNAUTH);
	ok(ask(res.cookie));
	ok(auth_logout(auth, &who, &err));
	assert_int_equal(ask(res.cookie), -E_UNAUTH);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM session"), 0);
}

static void what_is_no_session_is_nobody(void **state)
{
	static const char *const cookies[] = {
		"", "x", "' OR '1'='1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
	};

	(void)state;
	ok(login("anna", PW, ADDR));
	for (size_t i = 0; i < ARRAY_LEN(cookies); i++) {
		who.user_id = 77;
		assert_int_equal(ask(cookies[i]), -E_UNAUTH);
		assert_int_equal(who.user_id, 77);	/* untouched */
	}
}

static void sessions_are_listed_and_revoked_by_their_owner(void **state)
{
	char mine[AUTH_SECRET_LEN + 1];
	struct session *v;
	uint64_t id;
	size_t n;

	(void)state;
	ok(login("anna", PW, ADDR));
	memcpy(mine, res.cookie, sizeof(mine));
	id = res.who.session_id;
	clock_virtual_advance(&now, 5000);
	ok(login("anna", PW, "2001:db8::7"));
	ok(auth_sessions(root, auth, anna, &v, &n, &err));
	assert_int_equal(n, 2);
	assert_true(v[1].id == id && v[1].created_ms == START_MS);
	assert_string_equal(v[0].address, "2001:db8::7");
	assert_string_equal(v[0].agent, "test/1");
	assert_int_equal(auth_session_revoke(auth, ben, id, &err), -E_NOTFOUND);
	ok(ask(mine));
	ok(auth_session_revoke(auth, anna, id, &err));
	assert_int_equal(ask(mine), -E_UNAUTH);
	assert_int_equal(auth_session_revoke(auth, anna, id, &err), -E_NOTFOUND);
	ok(auth_sessions(root, auth, ben, &v, &n, &err));
	assert_int_equal(n, 0);
}

static void a_strange_agent_does_no_harm(void **state)
{
	struct login in = { .name = STR("anna"), .password = STR(PW),
			    .address = "not an address that would fit into the "
				       "forty-five characters there are" };
	char agent[400];

	(void)state;
	memset(agent, 'x', sizeof(agent) - 1);
	agent[sizeof(agent) - 1] = '\0';
	memcpy(agent + 199, "\xc3\xa9", 2);	/* 'e' across the cut */
	in.agent = agent;
	ok(auth_login(auth, &in, &res, &err));
	assert_int_equal(t_db_int("SELECT LENGTH(agent) FROM session"), 199);
	in.agent = "\xff\xff";
	ok(auth_login(auth, &in, &res, &err));
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM session WHERE agent IS"
				  " NULL"), 1);
}

static char secret[AUTH_TOKEN_LEN + 1];
static struct token token;
static int make_token(unsigned scopes, int64_t days)
{
	struct identity me = { .user_id = anna };

	return auth_token_create(auth, &me, STR("my \xe2\x82\xbf script"), scopes,
				 days, &token, root, secret, &err);
}

static int ask_token(const char *bearer)
{
	return auth_request(auth, STR("ignored"), str_c(bearer), &who, &err);
}

static void a_token_stands_for_its_user(void **state)
{
	struct token *v;
	size_t n;

	(void)state;
	ok(make_token(SCOPE_READ, 30));
	assert_int_equal(strlen(secret), AUTH_TOKEN_LEN);
	assert_memory_equal(secret + 4, token.public_id, 8);
	statements = 0;
	ok(ask_token(secret));
	assert_int_equal(statements, 2);	/* and `seen`, the first time */
	ok(ask_token(secret));
	assert_int_equal(statements, 3);
	assert_true(who.user_id == anna && who.token_id == token.id);
	assert_int_equal(who.session_id, 0);
	assert_int_equal(who.scopes, SCOPE_READ);
	assert_string_equal(who.csrf, "");
	assert_false(auth_csrf_ok(&who, STR("")));
	ok(auth_tokens(root, auth, anna, &v, &n, &err));
	assert_int_equal(n, 1);
	assert_string_equal(v[0].name, "my \xe2\x82\xbf script");
	assert_true(v[0].seen_ms == START_MS);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM api_token WHERE hash ="
				  " UNHEX(SHA2('%s', 256))", secret), 1);
	clock_virtual_set(&now, token.expires_ms - 1);
	ok(ask_token(secret));
	clock_virtual_advance(&now, 1);
	assert_int_equal(ask_token(secret), -E_UNAUTH);
}

static void what_is_no_token_is_nobody(void **state)
{
	char bad[AUTH_TOKEN_LEN + 2];

	(void)state;
	ok(make_token(SCOPE_ALL, 1));
	for (size_t i = 0; i < AUTH_TOKEN_LEN; i++) {
		memcpy(bad, secret, sizeof(secret));
		bad[i] = bad[i] == 'a' ? 'b' : 'a';
		assert_int_equal(ask_token(bad), -E_UNAUTH);
		bad[i] = '\'';
		assert_int_equal(ask_token(bad), -E_UNAUTH);
		bad[i] = '\0';
		if (i > 0)
			assert_int_equal(ask_token(bad), -E_UNAUTH);
	}
	snprintf(bad, sizeof(bad), "%sx", secret);
	assert_int_equal(ask_token(bad), -E_UNAUTH);
	ok(ask_token(secret));
}

static void tokens_are_bounded_and_revoked_by_their_owner(void **state)
{
	(void)state;
	assert_int_equal(make_token(0, 30), -E_UNPROCESSABLE);
	assert_int_equal(make_token(4, 30), -E_UNPROCESSABLE);
	assert_int_equal(make_token(SCOPE_READ, 0), -E_UNPROCESSABLE);
	assert_int_equal(make_token(SCOPE_READ, 366), -E_UNPROCESSABLE);
	for (int i = 0; i < 50; i++)
		ok(make_token(SCOPE_READ, 1 + i % 2));
	assert_int_equal(make_token(SCOPE_READ, 30), -E_UNPROCESSABLE);
	assert_int_equal(auth_token_revoke(auth, ben, token.id, &err),
			 -E_NOTFOUND);
	ok(auth_token_revoke(auth, anna, token.id, &err));
	assert_int_equal(ask_token(secret), -E_UNAUTH);
	ok(make_token(SCOPE_READ, 30));
	/* expired ones make room */
	clock_virtual_advance(&now, 24 * 3600 * 1000);
	for (int i = 0; i < 20; i++)
		ok(make_token(SCOPE_READ, 30));
}

static void a_new_password_ends_the_other_sessions(void **state)
{
	char mine[AUTH_SECRET_LEN + 1], other[AUTH_SECRET_LEN + 1];
	struct identity me, by_token = { .user_id = anna };
	int64_t wait = 0;

	(void)state;
	ok(login("anna", PW, ADDR));
	memcpy(other, res.cookie, sizeof(other));
	ok(login("anna", PW, ADDR));
	memcpy(mine, res.cookie, sizeof(mine));
	me = res.who;
	assert_int_equal(auth_password_change(auth, &by_token, STR(PW), STR(PW2),
					      &wait, &err), -E_DENIED);
	assert_int_equal(auth_password_change(auth, &me, STR(PW), STR("short"),
					      &wait, &err), -E_UNPROCESSABLE);
	assert_int_equal(auth_password_change(auth, &me, STR("wrong"), STR(PW2),
					      &wait, &err), -E_UNAUTH);
	ok(auth_password_change(auth, &me, STR(PW), STR(PW2), &wait, &err));
	ok(ask(mine));
	assert_int_equal(ask(other), -E_UNAUTH);
	assert_int_equal(login("anna", PW, ADDR), -E_UNAUTH);
	ok(login("anna", PW2, ADDR));
	/* guessing the old one is slowed down like signing in */
	for (int i = 0; i < 5; i++)
		assert_int_equal(auth_password_change(auth, &me, STR("wrong"),
						      STR(PW), &wait, &err),
				 -E_UNAUTH);
	assert_int_equal(auth_password_change(auth, &me, STR(PW2), STR(PW), &wait,
					      &err), -E_LIMIT);
	assert_true(wait == 1000);
}

static void what_an_administrator_changes_takes_effect_at_once(void **state)
{
	char cookie[AUTH_SECRET_LEN + 1];

	(void)state;
	ok(make_token(SCOPE_ALL, 30));
	ok(login("anna", PW, ADDR));
	memcpy(cookie, res.cookie, sizeof(cookie));
	ok(auth_user_role(auth, STR("anna"), USER_VIEWER, &err));
	assert_int_equal(ask(cookie), -E_UNAUTH);
	ok(ask_token(secret));
	assert_int_equal(who.role, USER_VIEWER);
	ok(login("anna", PW, ADDR));
	memcpy(cookie, res.cookie, sizeof(cookie));
	ok(auth_user_disable(auth, STR("anna"), true, &err));
	assert_int_equal(ask(cookie), -E_UNAUTH);
	assert_int_equal(ask_token(secret), -E_UNAUTH);
	assert_int_equal(login("anna", PW, ADDR), -E_UNAUTH);
	ok(auth_user_disable(auth, STR("anna"), false, &err));
	assert_int_equal(ask(cookie), -E_UNAUTH);
	ok(login("anna", PW, ADDR));
	memcpy(cookie, res.cookie, sizeof(cookie));
	ok(auth_user_passwd(auth, STR("anna"), STR(PW2), &err));
	assert_int_equal(ask(cookie), -E_UNAUTH);
	ok(login("anna", PW2, ADDR));
	assert_int_equal(auth_user_role(auth, STR("nobody"), USER_ADMIN, &err),
			 -E_NOTFOUND);
	assert_int_equal(auth_user_role(auth, STR("ben"), USER_TRADER, &err),
			 -E_UNPROCESSABLE);
	assert_int_equal(auth_user_add(auth, STR("ben"), STR(PW), USER_ADMIN,
				       &anna, &err), -E_CONFLICT);
}

static void an_old_hash_is_renewed_at_sign_in(void **state)
{
	char before[200];

	(void)state;
	snprintf(before, sizeof(before), "%s",
		 t_db_query("SELECT password FROM user WHERE name = 'anna'"));
	auth->mem = 2 << 20;
	auth->ops = 2;
	assert_int_equal(login("anna", "wrong", ADDR), -E_UNAUTH);
	assert_string_equal(before, t_db_query("SELECT password FROM user WHERE"
					       " name = 'anna'"));
	ok(login("anna", PW, ADDR));
	assert_string_not_equal(before, t_db_query(
		"SELECT password FROM user WHERE name = 'anna'"));
	assert_non_null(strstr(t_db_query("SELECT password FROM user WHERE"
					  " name = 'anna'"), "m=2048,t=2"));
	ok(login("anna", PW, ADDR));
}

static void a_second_factor_is_not_passed_over(void **state)
{
	(void)state;
	t_db_sql("UPDATE user SET totp_secret = 'sealed' WHERE name = 'anna'");
	assert_int_equal(login("anna", "wrong", ADDR), -E_UNAUTH);
	assert_int_equal(login("anna", PW, ADDR), -E_DENIED);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM session"), 0);
}

static void preferences_are_kept(void **state)
{
	static char big[5000];
	struct str s;

	(void)state;
	ok(auth_preferences(root, auth, anna, &s, &err));
	assert_true(str_eqc(s, "{}"));
	ok(auth_preferences_set(auth, anna, STR("{\"theme\":\"dark\"}"), &err));
	ok(auth_preferences_set(auth, anna, STR("{\"theme\":\"dark\"}"), &err));
	ok(auth_preferences_set(auth, anna, STR("{\"locale\":\"de\"}"), &err));
	ok(auth_preferences(root, auth, anna, &s, &err));
	assert_string_equal(str_dup(root, s),
			    "{\"theme\": \"dark\", \"locale\": \"de\"}");
	ok(auth_preferences_set(auth, anna, STR("{\"theme\":null}"), &err));
	ok(auth_preferences(root, auth, anna, &s, &err));
	assert_string_equal(str_dup(root, s), "{\"locale\": \"de\"}");
	assert_int_equal(auth_preferences_set(auth, anna, STR("{"), &err), -E_INVAL);
	memset(big, 'x', sizeof(big));
	memcpy(big, "{\"a\":\"", 6);
	memcpy(big + 4094, "\"}", 2);
	assert_int_equal(auth_preferences_set(auth, anna, str_n(big, 4096), &err),
			 -E_INVAL);	/* with what is there it is too long */
	assert_int_equal(auth_preferences_set(auth, anna, str_n(big, sizeof(big)),
					      &err), -E_TOOBIG);
	assert_int_equal(auth_preferences_set(auth, 999, STR("{}"), &err),
			 -E_NOTFOUND);
	assert_int_equal(auth_preferences(root, auth, 999, &s, &err), -E_NOTFOUND);
}

static bool grew(uint64_t *last)
{
	uint64_t was = *last;

	*last = board_generation(GEN_SESSIONS);
	return *last > was;
}

/* Workers keep callers for seconds, and must hear of what ends a session. */
static void whatever_ends_a_session_is_told_to_the_workers(void **state)
{
	uint64_t gen = 0;
	struct board *b;
	int64_t wait = 0;

	(void)state;
	ok(board_open(root, arena_printf(root, "%s/board", t_db_dir()), &b, &err));
	board_attach(b);
	grew(&gen);
	ok(login("anna", PW, ADDR));
	grew(&gen);
	ok(ask(res.cookie));
	assert_false(grew(&gen));
	ok(auth_password_change(auth, &who, STR(PW), STR(PW2), &wait, &err));
	assert_true(grew(&gen));
	ok(auth_logout(auth, &who, &err));
	assert_true(grew(&gen));
	ok(login("anna", PW2, ADDR));
	grew(&gen);
	ok(auth_session_revoke(auth, anna, res.who.session_id, &err));
	assert_true(grew(&gen));
	ok(make_token(SCOPE_ALL, 30));
	ok(auth_token_revoke(auth, anna, token.id, &err));
	assert_true(grew(&gen));
	ok(auth_user_role(auth, STR("anna"), USER_VIEWER, &err));
	assert_true(grew(&gen));
	ok(auth_user_disable(auth, STR("anna"), true, &err));
	assert_true(grew(&gen));
	ok(auth_user_passwd(auth, STR("anna"), STR(PW), &err));
	assert_true(grew(&gen));
	board_attach(NULL);
}

static void without_a_database_nobody_gets_in(void **state)
{
	(void)state;
	ok(make_token(SCOPE_ALL, 30));
	ok(login("anna", PW, ADDR));
	t_db_kill();
	assert_int_equal(ask(res.cookie), -E_DB);
	assert_int_equal(ask_token(secret), -E_DB);
	assert_int_equal(login("anna", PW, ADDR), -E_DB);
	t_db_restart();
	clock_sleep_ms(400);
	for (int i = 0; i < 50 && login("anna", PW, ADDR) == -E_DB; i++)
		clock_sleep_ms(100);
	ok(ask(res.cookie));
}

#ifdef ENABLE_FAULTS
/* Whatever fails: an answer of 0 has its session, a failure has none that
 * anybody knows of, and a wrong password never gets in. */
static void a_sign_in_is_whole_at_every_fault(void **state)
{
	unsigned n;

	(void)state;
	for (n = 1; n < 60; n++) {
		int64_t had = t_db_int("SELECT COUNT(*) FROM session");
		bool struck;
		int rc;

		auth = auth_make(t_db_open(root));
		fault_arm(n);
		rc = login("anna", PW, ADDR);
		struck = fault_struck();
		fault_arm(0);
		if (rc == 0) {
			ok(ask(res.cookie));
			had++;
		}
		if (rc != -E_UNCERTAIN)
			assert_int_equal(t_db_int("SELECT COUNT(*) FROM session"),
					 had);
		fault_arm(n);
		assert_int_not_equal(login("anna", "wrong", NULL), 0);
		fault_arm(0);
		t_db_sql("DELETE FROM login_throttle");
		if (!struck)
			break;
	}
	assert_true(n >= 8 && n < 60);
}
#endif

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_right_password_signs_in),
		T(every_wrong_sign_in_gets_the_same_answer),
		T(passwords_of_any_length_are_only_wrong),
		T(five_failures_slow_an_account_down),
		T(five_failures_slow_an_address_down),
		T(guesses_in_parallel_gain_nothing),
		T(fifty_sign_in_at_once),
		T(at_most_two_hash_at_once),
		T(without_a_slot_the_answer_is_busy),
		T(a_session_ends_by_idleness_and_by_age),
		T(seen_is_written_once_a_minute),
		T(signing_in_again_ends_the_session_before),
		T(what_is_no_session_is_nobody),
		T(sessions_are_listed_and_revoked_by_their_owner),
		T(a_strange_agent_does_no_harm),
		T(a_token_stands_for_its_user),
		T(what_is_no_token_is_nobody),
		T(tokens_are_bounded_and_revoked_by_their_owner),
		T(a_new_password_ends_the_other_sessions),
		T(what_an_administrator_changes_takes_effect_at_once),
		T(an_old_hash_is_renewed_at_sign_in),
		T(a_second_factor_is_not_passed_over),
		T(preferences_are_kept),
		T(whatever_ends_a_session_is_told_to_the_workers),
		T(without_a_database_nobody_gets_in),
#ifdef ENABLE_FAULTS
		T(a_sign_in_is_whole_at_every_fault),
#endif
	};

	t_db_start();
	t_db_schema();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
