#include "config.h"

#include "fuzz.h"
#include "api/api_i.h"
#include "conf/conf.h"

/* Whole requests, as nginx passes them: "METHOD target", header lines, an
 * empty line, the body.  Whatever comes, there is one answer of a known
 * status; what is said to be JSON is; an error has the one form; no header is
 * forged. */

struct echo_in { struct str name; struct list_in list; };
static const struct param echo_params[] = {
	PARAM(struct echo_in, name, P_STR, "", .required = true, .max = 50),
	PARAM(struct echo_in, list, P_ARR, "", .item = P_I64, .max = 8),
};
static const struct params echo_body = PARAMS(struct echo_in, echo_params);
struct list_in_q { struct page page; struct str q; };
static const struct param list_params[] = {
	PAGE_PARAMS(struct list_in_q, page),
	PARAM(struct list_in_q, q, P_STR, "", .max = 40),
};
static const struct params list_query = PARAMS(struct list_in_q, list_params);

static int h_echo(struct api_req *r, struct err *err)
{
	const struct echo_in *in = r->body;

	(void)err;
	api_created(r, "/things/%zu", in->name.n);
	jw_obj(&r->w);
	jw_key(&r->w, "name");
	jw_strn(&r->w, in->name.p, in->name.n);
	jw_obj_end(&r->w);
	return 0;
}

static int h_list(struct api_req *r, struct err *err)
{
	const struct list_in_q *in = r->query;

	(void)err;
	api_list(r);
	jw_strn(&r->w, in->q.p != NULL ? in->q.p : "", in->q.n);
	api_list_end(r, true, in->page.cursor.a, in->page.limit);
	return 0;
}

static int h_thing(struct api_req *r, struct err *err)
{
	const struct id_in *in = r->path;

	if (in->id == 404)
		return api_fail(r, err, E_CONFLICT, "not %s",
				r->rq->path);
	jw_u64(&r->w, in->id);
	return 0;
}

static const struct route routes[] = {
	{ .method = M_POST, .path = "/echo", .id = "echo", .doc = "x",
	  .fn = h_echo, .body = &echo_body, .body_max = 1000,
	  .answer = &sc_any, .status = 201 },
	{ .method = M_GET, .path = "/list", .id = "list", .doc = "x",
	  .fn = h_list, .query = &list_query, .answer = LIST_OF(&sc_str),
	  .cache_ms = 1000 },
	{ .method = M_GET, .path = "/things/{id}", .id = "thing", .doc = "x",
	  .fn = h_thing, .path_in = &id_path, .answer = &sc_id },
	{ .method = M_GET, .path = "/local", .id = "local", .doc = "x",
	  .fn = h_list, .query = &list_query, .answer = LIST_OF(&sc_str),
	  .flags = RF_ALLOW_LIST },
};
static const struct area area = AREA(routes);

/* The text of a request as FastCGI parameters. */
static const char *const *env_of(struct arena *a, struct str *rest,
				 struct str *ret_body)
{
	const char **env = NEW_N(a, const char *, 40);
	struct str line, method, target, path;
	size_t n = 0;

	if (!str_split(rest, '\n', &line) || !str_split(&line, ' ', &method))
		return env;
	target = line.p != NULL ? line : STR("/");
	path = target;
	(void)str_split(&path, '?', &target);
	env[n++] = arena_printf(a, "REQUEST_METHOD=%.*s", STR_ARG(method));
	env[n++] = arena_printf(a, "DOCUMENT_URI=%.*s", STR_ARG(target));
	env[n++] = arena_printf(a, "QUERY_STRING=%.*s", (int)path.n,
				path.p != NULL ? path.p : "");
	env[n++] = "REMOTE_ADDR=192.0.2.1";
	while (n < 36 && str_split(rest, '\n', &line) && line.n > 0) {
		struct str name;

		if (!str_split(&line, ':', &name) || line.p == NULL)
			continue;
		env[n++] = arena_printf(a, "%.*s=%.*s", STR_ARG(name),
					STR_ARG(line));
	}
	*ret_body = rest->p != NULL ? *rest : STR("");
	env[n++] = arena_printf(a, "CONTENT_LENGTH=%zu", ret_body->n);
	return env;
}

static void check_problem(const struct answer *an, const struct json *j)
{
	int64_t status = 0;

	promise("an error is a problem",
		strcmp(an->type, "application/problem+json") == 0);
	promise("with its status", json_i64(json_get(j, "status"), &status) &&
		status == an->status);
	promise("its sentence and code", json_get(j, "detail") != NULL &&
		json_get(j, "code") != NULL);
}

static void check(struct arena *a, const struct answer *an)
{
	static const int known[] = { 200, 201, 204, 304, 400, 401, 403, 404,
				     405, 409, 413, 415 };
	const struct json *j = NULL;
	struct err err;
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		found |= known[i] == an->status;
	promise("a known status", found);
	if (an->body.len > 0)
		promise("what is said to be JSON is", an->type != NULL &&
			strstr(an->type, "json") != NULL &&
			json_parse(a, an->body.buf, an->body.len, &j, &err) ==
			0);
	if (an->status >= 400)
		check_problem(an, j);
	for (size_t i = 0; i < an->headers.len; i++) {
		unsigned char c = (unsigned char)an->headers.buf[i];

		promise("no control character in a header",
			c >= 0x20 || c == '\r' || c == '\n' || c == '\t');
		if (c == '\n' && i + 1 < an->headers.len)
			promise("no forged header line",
				an->headers.buf[i + 1] >= 'A' &&
				an->headers.buf[i + 1] <= 'Z');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const origins[] = { "https://app.example" };
	const struct area *const areas[] = { &area };
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	struct str rest = str_n((const char *)data, size), body = STR("");
	struct api_deps deps = { .clock = &clock_real, .version = "1" };
	struct routes *rs;
	struct request *rq;
	struct answer *an = answer_make(a);
	struct conf *c = conf_defaults(a, "/tmp");
	struct str cookie;
	struct err err;

	c->cors_origins = (struct conf_list){ 1, origins };
	deps.conf = c;
	promise("routes", routes_new(a, areas, 1, &rs, &err) == 0);
	if (request_make(a, env_of(a, &rest, &body), body, &rq, &err) == 0) {
		if (request_cookie(rq, "sid", &cookie))
			promise("a cookie ends at its semicolon",
				!str_contains(cookie, ";"));
		promise("an answer in any case",
			api_handle(api_with(a, &deps, rs), rq, an) == 0);
		check(a, an);
	}
	arena_free(&a);
	return 0;
}
