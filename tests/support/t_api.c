#include "config.h"

#include "test.h"
#include "t_api.h"
#include "t_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_i.h"
#include "auth/auth.h"
#include "conf/conf.h"
#include "core/map.h"
#include "ml/shelf.h"
#include "xchg/quotes.h"

#define MAX_ENV 32

/* One world per program, so its state is the file's. */
static struct arena *world;	/* as long as the program */
static struct arena *test;	/* as long as a test */
static struct routes *rs;
static struct conf *conf, *conf_first;
static struct db *db;
static struct api *api;
static struct api_deps deps;
static struct clock now;
static struct answer *an;
static const struct json *doc;
static struct map *csrf_of;
static unsigned statements;
static size_t memory;
static bool remember;
static struct str raw;		/* the next body; p NULL: text */

static void count(void *ctx, enum stmt q, int64_t ns, int rc)
{
	(void)ctx;
	(void)q;
	(void)ns;
	(void)rc;
	statements++;
}

void t_api_start(const struct area *more)
{
	static const struct db_hooks hooks = { .done = count };
	static const struct area *const ours[] = {
#define X(name) &area_##name,
#include "api/areas.h"
#undef X
	};
	const struct area *areas[ARRAY_LEN(ours) + 1];
	size_t n = ARRAY_LEN(ours);
	struct board *board;
	struct quotes *quotes;
	struct err err;

	memcpy(areas, ours, sizeof(ours));
	if (more != NULL)
		areas[n++] = more;
	world = arena_new("t_api", 256 << 20);
	if (routes_new(world, areas, n, &rs, &err) < 0 ||
	    board_open(world, arena_printf(world, "%s/board", t_db_dir()),
		       &board, &err) < 0 ||
	    quotes_open(world, t_db_dir(), &quotes, &err) < 0 ||
	    api_board_routes(board, &err) < 0) {
		fprintf(stderr, "t_api: %s\n", err.msg);
		exit(1);
	}
	conf = conf_defaults(world, t_db_dir());
	conf->env = ENV_PRODUCTION;
	conf->model_dir = arena_printf(world, "%s/models", t_db_dir());
	conf->rate_limit_per_minute = conf->rate_limit_burst = 60000;
	conf->client_log_per_minute = 60000;
	conf_first = NEW(world, struct conf);
	*conf_first = *conf;
	db = t_db_open_hasty(world);	/* answers are due in time */
	db_set_hooks(db, &hooks);
	board_attach(board);
	deps = (struct api_deps){
		.conf = conf, .db = db, .board = board, .clock = &now, .version = "test",
		.quotes = quotes,
		.auth = auth_new(world, conf, db, &now),
	};
}

int t_api_fresh(void **state)
{
	int rc = t_db_fresh(state);

	if (test != NULL)
		arena_free(&test);
	test = arena_new("test", 64 << 20);
	csrf_of = map_new(test);
	*conf = *conf_first;
	clock_virtual_init(&now, clock_ms(&clock_real));
	deps.shelf = ml_shelf_new(test, conf->model_dir);
	api = api_with(test, &deps, rs);
	remember = false;
	return rc;
}

struct clock *t_api_clock(void)
{
	return &now;
}

struct db *t_api_db(void)
{
	return db;
}

struct auth *t_api_auth(void)
{
	return deps.auth;
}

struct conf *t_api_conf(void)
{
	return conf;
}

void t_api_remember(bool yes)
{
	remember = yes;
}

/* 43 characters that name their user. */
const char *t_api_cookie(const char *name)
{
	return arena_printf(test, "%.*s%s", 43 - (int)strlen(name),
			    "0123456789012345678901234567890123456789012",
			    name);
}

/* Straight into the tables: argon2 is slow, and tested with auth. */
uint64_t t_api_user(const char *name, const char *role)
{
	int r = strcmp(role, "admin") == 0 ? 2 : strcmp(role, "trader") == 0;
	long long ms = clock_ms(&now);
	uint64_t id;

	t_db_sql("INSERT INTO user (name, role, password, created, password_set)"
		 " VALUES ('%s', %d, 'none', %lld, %lld)", name, r, ms, ms);
	id = (uint64_t)t_db_int("SELECT id FROM user WHERE name = '%s'", name);
	t_db_sql("INSERT INTO session (user_id, hash, created, seen, expires,"
		 " proved) VALUES (%llu, UNHEX(SHA2('%s', 256)), %lld, %lld,"
		 " %lld, %lld)", (unsigned long long)id, t_api_cookie(name),
		 ms, ms, ms + 86400000, ms);
	assert_int_equal(t_api(name, "GET", "/api/v1/me", NULL, NULL), 200);
	map_put(csrf_of, str_c(name), arena_strdup(test, t_api_text(".csrf")));
	return id;
}

static void check_problem(void)
{
	struct err err;

	assert_string_equal(an->type, "application/problem+json");
	assert_int_equal(t_api_int(".status"), an->status);
	assert_non_null(t_api_text(".code"));
	assert_non_null(t_api_text(".detail"));
	assert_non_null(t_api_text(".request_id"));
	(void)err;
}

static void check_answer(const char *method, const char *path)
{
	struct str in[PATH_SEGMENTS];
	const struct path *p;
	const struct route *r = NULL;
	struct err err;
	size_t n;

	p = routes_find(rs, path, in, &n);
	for (int m = 0; p != NULL && m < M__MAX; m++)
		if (strcmp(method_name((enum method)m), method) == 0)
			r = p->by[m];
	assert_non_null(r);
	if (r->answer == NULL)
		return;
	if (schema_check(r->answer, doc, &err) < 0)
		fail_msg("%s %s: %s", method, path, err.msg);
}

static struct request *request_of(const char *who, const char *method,
				  const char *target, const char *body,
				  va_list ap)
{
	const char **env = NEW_N(test, const char *, MAX_ENV);
	const char *q = strchr(target, '?'), *more, *csrf;
	bool cookie = who != NULL, with_csrf = true;
	struct request *rq;
	struct err err;
	size_t n = 0, host, address;

	env[n++] = arena_printf(test, "REQUEST_METHOD=%s", method);
	env[n++] = arena_printf(test, "DOCUMENT_URI=%.*s", (int)
		(q != NULL ? (size_t)(q - target) : strlen(target)), target);
	env[n++] = arena_printf(test, "REQUEST_URI=%s", target);
	env[n++] = arena_printf(test, "QUERY_STRING=%s",
				q != NULL ? q + 1 : "");
	address = n++;
	env[address] = "REMOTE_ADDR=127.0.0.1";
	host = n++;
	env[host] = "HTTP_HOST=localhost";
	if (raw.p != NULL) {
		env[n++] = "CONTENT_TYPE=application/octet-stream";
		env[n++] = arena_printf(test, "CONTENT_LENGTH=%zu", raw.n);
	} else if (body != NULL) {
		env[n++] = "CONTENT_TYPE=application/json";
		env[n++] = arena_printf(test, "CONTENT_LENGTH=%zu",
					strlen(body));
	}
	while ((more = va_arg(ap, const char *)) != NULL) {
		assert_true(n < MAX_ENV - 4);
		if (strcmp(more, "-csrf") == 0)
			with_csrf = false;
		else if (strcmp(more, "-cookie") == 0)
			cookie = with_csrf = false;
		else if (strncmp(more, "HTTP_HOST=", 10) == 0)
			env[host] = more;
		else if (strncmp(more, "REMOTE_ADDR=", 12) == 0)
			env[address] = more;
		else
			env[n++] = more;
	}
	if (cookie)
		env[n++] = arena_printf(test, "HTTP_COOKIE=sid=%s",
					t_api_cookie(who));
	csrf = who != NULL ? map_get(csrf_of, str_c(who)) : NULL;
	if (csrf != NULL && with_csrf)
		env[n++] = arena_printf(test, "HTTP_X_CSRF_TOKEN=%s", csrf);
	env[n] = NULL;
	if (request_make(test, env, raw.p != NULL ? raw : str_c(body), &rq, &err) < 0)
		fail_msg("%s", err.msg);
	raw = (struct str){ 0 };
	return rq;
}

int t_api(const char *who, const char *method, const char *target,
	  const char *body, ...)
{
	struct request *rq;
	struct err err;
	va_list ap;

	va_start(ap, body);
	rq = request_of(who, method, target, body, ap);
	va_end(ap);
	if (!remember)
		api->seen = seen_new(test);
	statements = 0;
	arena_peak_reset(test);
	memory = arena_used(test);
	an = answer_make(test);
	assert_int_equal(api_handle(api, rq, an), 0);
	memory = arena_peak(test) - memory;
	doc = NULL;
	if (an->type != NULL && strstr(an->type, "json") != NULL &&
	    json_parse(test, an->body.buf, an->body.len, &doc, &err) < 0)
		fail_msg("%s %s: %s: %s", method, target, err.msg,
			 an->body.buf);
	if (an->status >= 400)
		check_problem();
	else if (an->status < 300 && strcmp(method, "HEAD") != 0)
		check_answer(method, rq->path);
	return an->status;
}

const struct json *t_api_json(const char *path)
{
	const struct json *j = doc;
	struct str rest = str_c(path + 1), seg;

	while (rest.n > 0 && str_split(&rest, '.', &seg)) {
		struct str name;
		int64_t i;

		if (!str_split(&seg, '[', &name))
			break;
		if (name.n > 0)
			j = json_get(j, str_dup(test, name));
		if (seg.p != NULL && str_i64(str_n(seg.p, seg.n - 1), &i))
			j = json_at(j, (size_t)i);
	}
	return j;
}

const char *t_api_text(const char *path)
{
	const struct json *j = t_api_json(path);

	if (j == NULL || json_type(j) == JSON_NULL)
		return NULL;
	return str_dup(test, json_text(j));
}

int64_t t_api_int(const char *path)
{
	int64_t v = INT64_MIN;

	if (!json_i64(t_api_json(path), &v))
		fail_msg("%s is no integer in %s", path, an->body.buf);
	return v;
}

const char *t_api_body(void)
{
	return an->body.buf;
}

struct str t_api_bytes(void)
{
	return str_n(an->body.buf, an->body.len);
}

void t_api_fresh_worker(void)
{
	deps.shelf = ml_shelf_new(test, conf->model_dir);
	api = api_with(test, &deps, rs);
}

void t_api_send(const void *p, size_t n)
{
	raw = str_n(p, n);
}

const char *t_api_header(const char *name)
{
	struct str rest = str_n(an->headers.buf, an->headers.len), line, key;

	while (str_split(&rest, '\n', &line)) {
		if (!str_split(&line, ':', &key) || line.p == NULL ||
		    !str_eq_nocase(key, str_c(name)))
			continue;
		return str_dup(test, str_trim(line));
	}
	return NULL;
}

size_t t_api_memory(void)
{
	return memory;
}

unsigned t_api_statements(void)
{
	return statements;
}
