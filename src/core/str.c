#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#define NUMBER_MAX 400		/* characters of a double: its exact text fits */

struct str str_c(const char *c)
{
	return c != NULL ? str_n(c, strlen(c)) : str_n("", 0);
}

char *str_dup(struct arena *out, struct str s)
{
	char *p = arena_alloc_raw(out, s.n + 1);

	if (s.n != 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eqc(struct str a, const char *c)
{
	return str_eq(a, str_c(c));
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && str_eq(str_n(s.p, n), str_n(prefix, n));
}

bool str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && str_eq(str_n(s.p + (s.n - n), n), str_n(suffix, n));
}

bool str_contains(struct str s, const char *part)
{
	size_t n = strlen(part);

	return n == 0 || (s.n >= n && memmem(s.p, s.n, part, n) != NULL);
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c != 0 ? c : a.n < b.n ? -1 : a.n > b.n;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_split(struct str *rest, char sep, struct str *ret)
{
	const char *cut;

	if (rest->p == NULL)
		return false;
	cut = rest->n == 0 ? NULL : memchr(rest->p, sep, rest->n);
	if (cut == NULL) {
		*ret = *rest;
		*rest = str_n(NULL, 0);
		return true;
	}
	*ret = str_n(rest->p, (size_t)(cut - rest->p));
	*rest = str_n(cut + 1, rest->n - ret->n - 1);
	return true;
}

bool str_u64(struct str s, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' ||
		    __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*ret = v;
	return true;
}

bool str_i64(struct str s, int64_t *ret)
{
	bool neg = s.n > 0 && s.p[0] == '-';
	uint64_t u;

	if (!str_u64(str_n(s.p + neg, s.n - neg), &u) ||
	    u > (uint64_t)INT64_MAX + neg)
		return false;
	*ret = neg ? (int64_t)(0 - u) : (int64_t)u;
	return true;
}

static size_t digits(struct str s, size_t i)
{
	size_t n = 0;

	while (i + n < s.n && s.p[i + n] >= '0' && s.p[i + n] <= '9')
		n++;
	return n;
}

/* [+-]? (digits [. digits?] | . digits) ([eE] [+-]? digits)? */
static bool double_grammar(struct str s)
{
	size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
	size_t whole = digits(s, i), frac = 0, n;

	i += whole;
	if (i < s.n && s.p[i] == '.') {
		frac = digits(s, ++i);
		i += frac;
	}
	if (whole + frac == 0)
		return false;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
		n = digits(s, i);
		if (n == 0)
			return false;
		i += n;
	}
	return i == s.n;
}

/* Up to 15 digits and a power of ten up to 22 are both exact as doubles, and
 * one operation on them rounds once: the right answer without strtod. */
static bool double_fast(struct str s, double *ret)
{
	static const double ten[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
		1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	bool neg = s.n > 0 && s.p[0] == '-';
	size_t n = 0, after = 0;
	bool point = false;
	uint64_t v = 0;

	for (size_t i = neg; i < s.n; i++) {
		if (s.p[i] == '.') {
			point = true;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9' || ++n > 15)
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
		after += point;
	}
	*ret = (double)v / ten[after];
	if (neg)
		*ret = -*ret;
	return true;
}

bool str_double(struct str s, double *ret)
{
	char buf[NUMBER_MAX];
	double v;

	if (!double_grammar(s))
		return false;
	if (double_fast(s, ret))
		return true;
	if (s.n >= sizeof(buf))
		return false;
	memcpy(buf, s.p, s.n);
	buf[s.n] = '\0';
	v = strtod(buf, NULL);
	if (!isfinite(v))
		return false;
	*ret = v;
	return true;
}

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* RFC 3629, section 4, by first byte: how many bytes follow, and the range of
 * the second, which excludes overlong forms and surrogates. */
static size_t lead(unsigned char c, unsigned char *ret_lo, unsigned char *ret_hi)
{
	*ret_lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*ret_hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
}

size_t utf8_len(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char lo, hi;
	size_t more;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	more = lead(p[0], &lo, &hi);
	if (more == 0 || n <= more || p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i <= more; i++)
		if (!is_tail(p[i]))
			return 0;
	return 1 + more;
}

uint32_t utf8_decode(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

size_t utf8_encode(char out[static 4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

bool str_utf8_valid(struct str s)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		n = utf8_len(s.p + i, s.n - i);
		if (n == 0)
			return false;
	}
	return true;
}

void str_hex(char *out, const void *data, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++) {
		*out++ = hex[p[i] >> 4];
		*out++ = hex[p[i] & 15];
	}
	*out = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool str_unhex(void *out, size_t n, struct str hex)
{
	unsigned char *p = out;

	if (hex.n / 2 != n || hex.n % 2 != 0)
		return false;
	for (size_t i = 0; i < hex.n; i++)
		if (hex_value(hex.p[i]) < 0)
			return false;
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(hex_value(hex.p[2 * i]) << 4 |
				       hex_value(hex.p[2 * i + 1]));
	return true;
}

bool mem_eq_secret(const void *a, const void *b, size_t n)
{
	const volatile unsigned char *p = a, *q = b;
	unsigned char diff = 0;

	for (size_t i = 0; i < n; i++)
		diff |= p[i] ^ q[i];
	return diff == 0;
}
