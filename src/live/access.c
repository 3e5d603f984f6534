#include "config.h"

#include <string.h>

#include "fcgi/fcgi.h"
#include "live/access_i.h"

static bool listed(const struct conf *c, const char *origin)
{
	for (size_t i = 0; i < c->cors_origins.n; i++)
		if (strcmp(c->cors_origins.v[i], origin) == 0)
			return true;
	return false;
}

static bool own(const struct live_ask *q)
{
	struct str scheme = str_c(q->https ? "https://" : "http://");
	struct str o = str_c(q->origin);

	return o.n > scheme.n && str_eq_nocase(str_n(o.p, scheme.n), scheme) &&
	       q->host[0] != '\0' &&
	       str_eq_nocase(str_n(o.p + scheme.n, o.n - scheme.n),
			     str_c(q->host));
}

bool access_origin_ok(const struct conf *c, const struct live_ask *q)
{
	if (q->origin[0] != '\0')
		return listed(c, q->origin) || own(q);
	if (q->authorization[0] != '\0')
		return true;		/* a program, not a page */
	return !q->websocket && (q->site[0] == '\0' ||
				 strcmp(q->site, "same-origin") == 0 ||
				 strcmp(q->site, "none") == 0);
}

static bool local_host(const char *host)
{
	static const char *const names[] = {
		"localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n = strlen(names[i]);

		if (strncmp(host, names[i], n) == 0 &&
		    (host[n] == '\0' || host[n] == ':'))
			return true;
	}
	return false;
}

bool access_cookie(const struct conf *c, const struct live_ask *q,
		   struct str *ret)
{
	bool plain = c->cookie_secure == COOKIE_NEVER ||
		     (c->cookie_secure == COOKIE_AUTO && !q->https &&
		      local_host(q->host));

	return cookie_find(str_c(q->cookie), plain ? "sid" : "__Host-sid", ret);
}

struct str access_bearer(const struct live_ask *q)
{
	static const char scheme[] = "Bearer ";
	struct str a = str_c(q->authorization);
	size_t n = sizeof(scheme) - 1;

	if (a.n <= n || !str_eq_nocase(str_n(a.p, n), str_n(scheme, n)))
		return str_n("", 0);
	return str_trim(str_n(a.p + n, a.n - n));
}
