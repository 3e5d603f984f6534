#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/rand.h"
#include "fcgi/fcgi_i.h"

const char *env_get(const char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

/* "If-None-Match" is HTTP_IF_NONE_MATCH; two have names of their own. */
static bool param_name(char *buf, size_t size, const char *header)
{
	size_t i, n = strlen(header);
	bool own = n == 12 && str_eq_nocase(str_c(header), STR("Content-Type"));
	const char *prefix = own ? "" : "HTTP_";
	size_t at = strlen(prefix);

	if (at + n >= size)
		return false;
	memcpy(buf, prefix, at);
	for (i = 0; i < n; i++) {
		char c = header[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		buf[at + i] = c == '-' ? '_' : c;
	}
	buf[at + n] = '\0';
	return true;
}

const char *request_header(const struct request *rq, const char *name)
{
	char param[80];
	const char *v;

	if (!param_name(param, sizeof(param), name))
		return NULL;
	v = env_get(rq->i->env, param);
	/* nginx passes absent ones as empty when the template names them. */
	return v != NULL && v[0] != '\0' ? v : NULL;
}

bool request_cookie(const struct request *rq, const char *name,
		    struct str *ret)
{
	const char *h = request_header(rq, "Cookie");

	return h != NULL && cookie_find(str_c(h), name, ret);
}

/* Only what may stand in a log line and a header without a thought. */
static bool id_usable(const char *s)
{
	size_t n = strlen(s);

	if (n < 8 || n >= BOARD_REQID)
		return false;
	for (; *s != '\0'; s++)
		if (!((*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') ||
		      (*s >= 'A' && *s <= 'Z') || *s == '-' || *s == '_'))
			return false;
	return true;
}

static bool is_hex32(const char *s)
{
	return strlen(s) == 32 && strspn(s, "0123456789abcdef") == 32;
}

static void random_id(char out[static 33])
{
	unsigned char raw[16];

	rand_secret(raw, sizeof(raw));
	str_hex(out, raw, sizeof(raw));
}

static void name_it(struct request *rq)
{
	const char *id = env_get(rq->i->env, "REQUEST_ID");
	const char *tp = env_get(rq->i->env, "HTTP_TRACEPARENT");
	char parent[17];

	if (id != NULL && id_usable(id))
		snprintf(rq->id, sizeof(rq->id), "%s", id);
	else
		random_id(rq->id);
	if (tp != NULL && traceparent_parse(tp, rq->trace, parent))
		return;
	if (is_hex32(rq->id))
		memcpy(rq->trace, rq->id, 33);
	else
		random_id(rq->trace);
}

static int check_env(const char *const *env, struct err *err)
{
	size_t total = 0;

	for (; *env != NULL; env++) {
		total += strlen(*env) + 1;
		if (total > PARAMS_MAX)
			return FAIL(err, E_INVAL, "parameters over %u bytes",
				    PARAMS_MAX);
	}
	return 0;
}

static const char *lower(struct arena *out, const char *s)
{
	char *p = arena_strdup(out, s);

	for (char *c = p; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return p;
}

static const char *path_of(struct arena *out, const char *uri)
{
	struct str s = str_n(uri, strcspn(uri, "?"));

	return str_dup(out, s);
}

static const char *or_empty(const char *s)
{
	return s != NULL ? s : "";
}

static void log_fields(struct request *rq)
{
	struct request_i *i = rq->i;

	i->lc_req = log_child(NULL, "req", rq->id);
	i->lc_trace = log_child(&i->lc_req, "trace", rq->trace);
	i->lc_route = log_child(&i->lc_trace, "route", "-");
	rq->log = &i->lc_route;
}

int request_fill(struct request *rq, const char *const *env, struct err *err)
{
	const char *method, *path, *length;
	int rc = check_env(env, err);

	if (rc < 0)
		return rc;
	rq->i->env = env;
	method = env_get(env, "REQUEST_METHOD");
	if (method == NULL || method[0] == '\0')
		return FAIL(err, E_INVAL, "no REQUEST_METHOD");
	rq->method_text = method;
	rq->method = http_method_parse(method);
	rq->uri = or_empty(env_get(env, "REQUEST_URI"));
	path = env_get(env, "DOCUMENT_URI");
	rq->path = path != NULL ? path : path_of(rq->arena, rq->uri);
	rq->query = str_c(env_get(env, "QUERY_STRING"));
	rq->remote = or_empty(env_get(env, "REMOTE_ADDR"));
	rq->https = strcmp(or_empty(env_get(env, "HTTPS")), "on") == 0;
	rq->host = lower(rq->arena, or_empty(env_get(env, "HTTP_HOST")));
	length = env_get(env, "CONTENT_LENGTH");
	if (length != NULL && length[0] != '\0' &&
	    !str_u64(str_c(length), &rq->content_length))
		return FAIL(err, E_INVAL, "CONTENT_LENGTH is no number");
	rq->start_ns = clock_mono_ns();
	rq->time_ms = clock_ms(&clock_real);
	name_it(rq);
	log_fields(rq);
	return 0;
}

struct hand {
	struct str rest;
};

static size_t read_hand(void *ctx, char *buf, size_t n)
{
	struct hand *h = ctx;

	if (n > h->rest.n)
		n = h->rest.n;
	if (n > 0)
		memcpy(buf, h->rest.p, n);
	h->rest.p += n;
	h->rest.n -= n;
	return n;
}

int request_make(struct arena *out, const char *const *env, struct str body,
		 struct request **ret, struct err *err)
{
	struct request *rq = NEW(out, struct request);
	struct hand *h = NEW(out, struct hand);
	int rc;

	h->rest = body;
	rq->arena = out;
	rq->i = NEW(out, struct request_i);
	rq->i->read = read_hand;
	rq->i->ctx = h;
	rc = request_fill(rq, env, err);
	if (rc < 0)
		return rc;
	*ret = rq;
	return 0;
}

int request_body(struct request *rq, size_t limit, struct str *ret,
		 struct err *err)
{
	struct request_i *i = rq->i;
	size_t got = 0, want;
	char *buf;

	if (rq->content_length > limit)
		return FAIL(err, E_TOOBIG, "a body of %" PRIu64 " bytes; at "
			    "most %zu are taken", rq->content_length, limit);
	want = (size_t)rq->content_length;
	if (i->state == BODY_UNREAD) {
		buf = NEW_N(rq->arena, char, want + 1);
		while (got < want) {
			size_t n = i->read(i->ctx, buf + got, want - got);

			if (n == 0)
				break;
			got += n;
		}
		i->body = str_n(buf, got);
		i->state = got == want ? BODY_READ : BODY_SHORT;
	}
	if (i->state == BODY_SHORT)
		return FAIL(err, E_INVAL, "the body ended after %zu of %zu "
			    "bytes", i->body.n, want);
	*ret = i->body;
	return 0;
}

void request_set_route(struct request *rq, unsigned route)
{
	const struct board *b = board_attached();
	const char *name = b != NULL ? board_route(b, route) : NULL;

	rq->route = route;
	rq->i->lc_route.value = name != NULL ? name : "-";
}

void request_set_user(struct request *rq, uint64_t user)
{
	struct request_i *i = rq->i;

	rq->user = user;
	snprintf(i->user_text, sizeof(i->user_text), "%" PRIu64, user);
	i->lc_user = log_child(&i->lc_route, "user", i->user_text);
	rq->log = &i->lc_user;
}
