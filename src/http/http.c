#include "config.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/rand.h"
#include "core/sbuf.h"
#include "http/http.h"
#include "proc/board.h"

#define TRIES		4
#define HTTP_MAGIC	0x68747470u

struct http {
	unsigned magic;
	CURL *curl;
	pid_t owner;			/* a handle never crosses a fork */
	struct http_opts o;
};

struct receive {
	struct sbuf body;
	int64_t retry_after_ms;
};

static void http_free(void *ptr)
{
	struct http *h = OBJ_CAST(struct http, ptr, HTTP_MAGIC);

	curl_easy_cleanup(h->curl);
	curl_global_cleanup();
}

int http_new(struct arena *out, const struct http_opts *o, struct http **ret,
	     struct err *err)
{
	struct http *h = NEW(out, struct http);

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return FAIL(err, E_IO, "libcurl does not start");
	h->magic = HTTP_MAGIC;
	h->o = *o;
	h->o.connect_ms = o->connect_ms > 0 ? o->connect_ms : 10000;
	h->o.timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : 30000;
	h->o.pause_ms = o->pause_ms > 0 ? o->pause_ms : 1000;
	h->o.pause_max_ms = o->pause_max_ms > 0 ? o->pause_max_ms : 30000;
	h->o.max_body = o->max_body > 0 ? o->max_body : 1u << 20;
	h->owner = getpid();
	h->curl = curl_easy_init();
	if (h->curl == NULL) {
		curl_global_cleanup();
		return FAIL(err, E_IO, "libcurl gives no handle");
	}
	arena_defer(out, http_free, h);
	*ret = h;
	return 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct receive *r = ctx;

	sbuf_add(&r->body, data, size * n);
	return r->body.overflow ? 0 : size * n;	/* 0 ends the transfer */
}

/* Retry-After in seconds; its other form, a date, we do not use. */
static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	static const char name[] = "retry-after:";
	struct receive *r = ctx;
	struct str line = str_n(data, size * n);
	uint64_t v;

	if (line.n > sizeof(name) - 1 &&
	    strncasecmp(line.p, name, sizeof(name) - 1) == 0) {
		line = str_trim(str_n(line.p + sizeof(name) - 1,
				      line.n - (sizeof(name) - 1)));
		if (str_u64(line, &v) && v < 86400)
			r->retry_after_ms = (int64_t)v * 1000;
	}
	return size * n;
}

static bool is_read(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static void set_limits(const struct http *h, const struct http_request *rq)
{
	int64_t total = rq->timeout_ms > 0 ? rq->timeout_ms : h->o.timeout_ms;
	int64_t connect = h->o.connect_ms < total ? h->o.connect_ms : total;

	curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)total);
	curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h->curl, CURLOPT_REDIR_PROTOCOLS_STR, "");
	curl_easy_setopt(h->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(h->curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(h->curl, CURLOPT_SSLVERSION,
			 (long)CURL_SSLVERSION_TLSv1_2);
	if (h->o.agent != NULL)
		curl_easy_setopt(h->curl, CURLOPT_USERAGENT, h->o.agent);
}

static void set_method(const struct http *h, const struct http_request *rq,
		       const char *method)
{
	if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(h->curl, CURLOPT_NOBODY, 1L);
		return;
	}
	if (!is_read(method)) {
		/* libcurl repeats a request by itself when a kept connection
		 * turns out to be dead; a fresh one leaves it no reason to. */
		curl_easy_setopt(h->curl, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)rq->body.n);
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS,
				 rq->body.n > 0 ? rq->body.p : "");
		curl_easy_setopt(h->curl, CURLOPT_CUSTOMREQUEST, method);
	}
}

static struct curl_slist *header_list(struct arena *tmp,
				      const struct http_request *rq)
{
	/* No "Expect: 100-continue": it costs a second where unknown. */
	struct curl_slist *l = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; i < rq->n_headers && l != NULL; i++) {
		struct curl_slist *n = curl_slist_append(l, arena_printf(tmp,
				"%s: %s", rq->headers[i].name,
				rq->headers[i].value));

		if (n == NULL)
			curl_slist_free_all(l);
		l = n;
	}
	return l;
}

/* Could the server have seen the request? */
static bool was_sent(CURL *curl)
{
	curl_off_t pretransfer = 0;

	return curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T,
				 &pretransfer) != CURLE_OK || pretransfer > 0;
}

static int fail_with(const struct http *h, CURLcode rc, const char *method,
		     const struct receive *r, struct err *err)
{
	const char *why = curl_easy_strerror(rc);

	if (rc == CURLE_URL_MALFORMAT || rc == CURLE_UNSUPPORTED_PROTOCOL)
		return FAIL(err, E_INVAL, "%s", why);
	if (r->body.overflow)
		return FAIL(err, E_TOOBIG, "the answer is over %zu bytes",
			    h->o.max_body);
	if (!was_sent(h->curl))
		return FAIL(err, E_IO, "%s", why);
	if (!is_read(method))
		return FAIL(err, E_UNCERTAIN, "no answer: %s", why);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return FAIL(err, E_TIMEOUT, "%s", why);
	return FAIL(err, E_IO, "%s", why);
}

static int attempt(struct arena *out, struct http *h,
		   const struct http_request *rq, const char *method,
		   struct http_answer *ret, struct err *err)
{
	struct receive r = { .retry_after_ms = -1 };
	struct curl_slist *headers = NULL;
	CURLcode rc = CURLE_OUT_OF_MEMORY;
	int64_t t = clock_mono_ns();
	const char *type = NULL;
	long status = 0;

	sbuf_init(&r.body, out, h->o.max_body);
	curl_easy_reset(h->curl);
	set_limits(h, rq);
	set_method(h, rq, method);
	curl_easy_setopt(h->curl, CURLOPT_URL, rq->url);
	curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, &r);
	curl_easy_setopt(h->curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h->curl, CURLOPT_HEADERDATA, &r);
	SCOPE(tmp, out) {
		headers = header_list(tmp, rq);
		if (headers != NULL) {
			curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
			rc = curl_easy_perform(h->curl);
		}
		curl_slist_free_all(headers);
	}
	board_observe(BH_FETCH, clock_mono_ns() - t);
	if (rc != CURLE_OK) {
		board_inc(BC_FETCH_FAILED);
		return fail_with(h, rc, method, &r, err);
	}
	board_inc(BC_FETCH_OK);
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(h->curl, CURLINFO_CONTENT_TYPE, &type);
	*ret = (struct http_answer){
		.status = (int)status,
		.body = str_n(r.body.buf, r.body.len),
		.type = type != NULL ? arena_strdup(out, type) : "",
		.retry_after_ms = r.retry_after_ms,
	};
	return 0;
}

/* Answers that another try may better. */
static bool passing(int status)
{
	return status == 408 || status == 429 || status == 500 ||
		status == 502 || status == 503 || status == 504;
}

/* Before try i + 1; negative: it is not worth it. */
static int64_t pause_before(const struct http *h, unsigned i, int rc,
			    const struct http_answer *a)
{
	int64_t most = h->o.pause_ms << (i < 16 ? i - 1 : 15), wait;

	wait = rand_jitter_ms(most < h->o.pause_max_ms ? most : h->o.pause_max_ms);
	if (rc < 0 || a->retry_after_ms <= 0)
		return wait;
	return a->retry_after_ms > h->o.pause_max_ms ? -1 :
		a->retry_after_ms > wait ? a->retry_after_ms : wait;
}

int http_do(struct arena *out, struct http *h, const struct http_request *rq,
	    struct http_answer *ret, struct err *err)
{
	const char *method = rq->method != NULL ? rq->method : "GET";
	unsigned tries = is_read(method) ? (rq->tries > 0 ? rq->tries : TRIES) : 1;
	int rc;

	assert(h->magic == HTTP_MAGIC && h->owner == getpid());
	for (unsigned i = 1;; i++) {
		int64_t wait;

		rc = attempt(out, h, rq, method, ret, err);
		if (i >= tries || (rc != 0 && rc != -E_IO && rc != -E_TIMEOUT))
			return rc;
		if (rc == 0 && !passing(ret->status))
			return 0;
		wait = pause_before(h, i, rc, ret);
		if (wait < 0)
			return rc;
		clock_sleep_ms(wait);
	}
}
