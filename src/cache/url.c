#include "config.h"

#include <string.h>

#include "cache/cache_i.h"

#define REDIS_PORT 6379

/* %41 is A. */
static bool decode(struct arena *out, struct str s, const char **ret)
{
	char *buf = arena_alloc_raw(out, s.n + 1), *w = buf;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '%') {
			if (s.n - i < 3 ||
			    !str_unhex(&c, 1, str_n(s.p + i + 1, 2)) || c == 0)
				return false;
			i += 2;
		}
		*w++ = (char)c;
	}
	*w = '\0';
	*ret = buf;
	return true;
}

static bool number(struct str s, uint64_t most, int *ret)
{
	uint64_t v;

	if (!str_u64(s, &v) || v > most)
		return false;
	*ret = (int)v;
	return true;
}

/* [user[:password]@], cut off *rest; a password alone is ":password@". */
static bool take_user(struct arena *out, struct str *rest,
		      struct redis_url *u)
{
	const char *at = memrchr(rest->p, '@', rest->n);
	struct str who, name;

	if (at == NULL)
		return true;
	who = str_n(rest->p, (size_t)(at - rest->p));
	*rest = str_n(at + 1, rest->n - who.n - 1);
	str_split(&who, ':', &name);
	if (name.n != 0 && !decode(out, name, &u->user))
		return false;
	return who.p == NULL || decode(out, who, &u->password);
}

/* host[:port] or [address]:port */
static bool take_host(struct arena *out, struct str s, struct redis_url *u)
{
	struct str host;

	if (s.n != 0 && s.p[0] == '[') {
		const char *end = memchr(s.p, ']', s.n);

		if (end == NULL)
			return false;
		host = str_n(s.p + 1, (size_t)(end - s.p) - 1);
		s = str_n(end + 1, s.n - host.n - 2);
		if (s.n == 0)
			s.p = NULL;
		else if (*s.p != ':')
			return false;
		else
			s = str_n(s.p + 1, s.n - 1);
	} else {
		str_split(&s, ':', &host);
	}
	u->host = str_dup(out, host);
	return host.n != 0 &&
	       (s.p == NULL || (number(s, 65535, &u->port) && u->port != 0));
}

static bool parse_tcp(struct arena *out, struct str s, struct redis_url *u)
{
	struct str authority;

	/* The last /: a password may hold one. */
	const char *at = memrchr(s.p, '@', s.n);
	size_t from = at != NULL ? (size_t)(at - s.p) : 0;
	const char *slash = memchr(s.p + from, '/', s.n - from);

	authority = slash != NULL ? str_n(s.p, (size_t)(slash - s.p)) : s;
	if (slash != NULL) {
		struct str db = str_n(slash + 1, s.n - authority.n - 1);

		if (db.n != 0 && !number(db, 65535, &u->db))
			return false;
	}
	return take_user(out, &authority, u) && take_host(out, authority, u);
}

/* /path[?db=n], with user and password before the path */
static bool parse_unix(struct arena *out, struct str s, struct redis_url *u)
{
	struct str path;

	if (!take_user(out, &s, u))
		return false;
	str_split(&s, '?', &path);
	if (s.p != NULL) {
		if (!str_starts(s, "db=") ||
		    !number(str_n(s.p + 3, s.n - 3), 65535, &u->db))
			return false;
	}
	u->path = str_dup(out, path);
	return path.n > 1 && path.p[0] == '/';
}

int redis_url_parse(struct arena *out, const char *text, struct redis_url *ret,
		    struct err *err)
{
	struct redis_url u = { .port = REDIS_PORT };
	struct str s = str_c(text);
	bool ok = false;

	if (str_starts(s, "redis://"))
		ok = parse_tcp(out, str_n(s.p + 8, s.n - 8), &u);
	else if (str_starts(s, "unix://"))
		ok = parse_unix(out, str_n(s.p + 7, s.n - 7), &u);
	/* The URL may hold a password: it is not repeated. */
	if (!ok)
		return FAIL(err, E_INVAL, "redis_url: not of the form "
			    "redis://[user:password@]host[:port][/db] or "
			    "unix:///path[?db=n]");
	*ret = u;
	return 0;
}
