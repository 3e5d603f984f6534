#include "config.h"

#include <string.h>

#include "fcgi/fcgi.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int decode(struct arena *out, struct str in, struct str *ret,
		  struct err *err)
{
	char *buf = NEW_N(out, char, in.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			bool room = in.n - i > 2;
			int hi = room ? hex_digit(in.p[i + 1]) : -1;
			int lo = room ? hex_digit(in.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return FAIL(err, E_INVAL, "malformed %% escape "
					    "at byte %zu", i);
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		if ((unsigned char)c < 0x20 || c == 0x7f)
			return FAIL(err, E_INVAL, "control character at byte "
				    "%zu", i);
		buf[n++] = c;
	}
	if (!str_utf8_valid(str_n(buf, n)))
		return FAIL(err, E_INVAL, "not UTF-8");
	*ret = str_n(buf, n);
	return 0;
}

int query_next(struct arena *out, struct str *rest, struct str *ret_name,
	       struct str *ret_value, struct err *err)
{
	struct str part = { "", 0 }, name, value = { "", 0 };
	const char *eq;
	int rc;

	while (part.n == 0) {		/* "a=1&&b=2" has two */
		if (rest->n == 0 || !str_split(rest, '&', &part))
			return 0;
	}
	name = part;
	eq = memchr(part.p, '=', part.n);
	if (eq != NULL) {
		name.n = (size_t)(eq - part.p);
		value = str_n(eq + 1, part.n - name.n - 1);
	}
	rc = decode(out, name, &name, err);
	if (rc == 0)
		rc = decode(out, value, &value, err);
	if (rc < 0)
		return rc;
	*ret_name = name;
	*ret_value = value;
	return 1;
}

bool cookie_find(struct str header, const char *name, struct str *ret)
{
	size_t n = strlen(name);
	struct str pair;

	while (header.n > 0 && str_split(&header, ';', &pair)) {
		pair = str_trim(pair);
		if (pair.n <= n || pair.p[n] != '=' ||
		    memcmp(pair.p, name, n) != 0)
			continue;
		*ret = str_n(pair.p + n + 1, pair.n - n - 1);
		return true;
	}
	return false;
}

static bool lower_hex(const char *s, size_t n, bool *ret_zero)
{
	*ret_zero = true;
	for (size_t i = 0; i < n; i++) {
		if (!((s[i] >= '0' && s[i] <= '9') ||
		      (s[i] >= 'a' && s[i] <= 'f')))
			return false;
		*ret_zero = *ret_zero && s[i] == '0';
	}
	return true;
}

bool traceparent_parse(const char *s, char ret_trace[static 33],
		       char ret_parent[static 17])
{
	bool v0, t0, p0, f0;
	size_t n = strlen(s);

	/* 00-<32>-<16>-<2>; later versions may add fields after a dash. */
	if (n < 55 || s[2] != '-' || s[35] != '-' || s[52] != '-')
		return false;
	if (!lower_hex(s, 2, &v0) || !lower_hex(s + 3, 32, &t0) ||
	    !lower_hex(s + 36, 16, &p0) || !lower_hex(s + 53, 2, &f0))
		return false;
	if (t0 || p0 || memcmp(s, "ff", 2) == 0)
		return false;
	if (v0 ? n != 55 : n > 55 && s[55] != '-')
		return false;
	memcpy(ret_trace, s + 3, 32);
	ret_trace[32] = '\0';
	memcpy(ret_parent, s + 36, 16);
	ret_parent[16] = '\0';
	return true;
}

bool header_list_next(struct str *rest, struct str *ret_item)
{
	struct str part;

	while (rest->n > 0 && str_split(rest, ',', &part)) {
		const char *semi = part.n > 0 ? memchr(part.p, ';', part.n)
					      : NULL;

		if (semi != NULL)
			part.n = (size_t)(semi - part.p);
		part = str_trim(part);
		if (part.n > 0) {
			*ret_item = part;
			return true;
		}
	}
	return false;
}

bool etag_matches(const char *if_none_match, const char *etag)
{
	struct str rest = str_c(if_none_match), item, mine = str_c(etag);

	if (str_starts(mine, "W/"))
		mine = str_n(mine.p + 2, mine.n - 2);
	/* The tags we make hold no comma, so a list may be cut at commas. */
	while (header_list_next(&rest, &item)) {
		if (str_eqc(item, "*"))
			return true;
		if (str_starts(item, "W/"))
			item = str_n(item.p + 2, item.n - 2);
		if (str_eq(item, mine))
			return true;
	}
	return false;
}

const char *http_reason(int status)
{
	static const struct { int status; const char *text; } reasons[] = {
		{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" },
		{ 204, "No Content" }, { 206, "Partial Content" },
		{ 301, "Moved Permanently" }, { 302, "Found" },
		{ 303, "See Other" }, { 304, "Not Modified" },
		{ 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 406, "Not Acceptable" },
		{ 409, "Conflict" }, { 410, "Gone" },
		{ 411, "Length Required" }, { 412, "Precondition Failed" },
		{ 413, "Content Too Large" }, { 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" }, { 428, "Precondition Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Unknown";
}
