/* str.*: texts are bytes of UTF-8; positions count bytes. */
#include "config.h"

#include <stdio.h>

#include "script/lib_i.h"
#include "script/regex_i.h"

#define FN(name) int fn_##name(struct script_vm *vm, double *ret, const double *a, size_t n)
#define S(i) vm_str(vm, a[i])

FN(text_eq)
{
	(void)n;
	if (is_na(a[0]) || is_na(a[1]))
		*ret = 0;
	else
		*ret = str_eq(S(0), S(1));
	return 0;
}

FN(text_join)
{
	struct str x = is_na(a[0]) ? STR("") : S(0), y = is_na(a[1]) ? STR("") : S(1);
	char buf[16384 + 2];

	(void)n;
	if (x.n + y.n >= sizeof(buf)) {
		vm_fail(vm, E_LIMIT, vm->call->line, "a text of more than 16384 characters");
		return 0;
	}
	memcpy(buf, x.p, x.n);
	memcpy(buf + x.n, y.p, y.n);
	*ret = vm_str_new(vm, buf, x.n + y.n);
	return 0;
}

static size_t plain_number(char *buf, size_t size, double x, int max)
{
	int n = snprintf(buf, size, "%.*f", max, x);

	if (n < 0 || (size_t)n >= size)
		return (size_t)snprintf(buf, size, "%g", x);
	if (max > 0) {
		while (n > 0 && buf[n - 1] == '0')
			n--;
		if (n > 0 && buf[n - 1] == '.')
			n--;
	}
	if (n == 2 && buf[0] == '-' && buf[1] == '0') {
		buf[0] = '0';
		n = 1;
	}
	buf[n] = '\0';
	return (size_t)n;
}

/* "#.##", "0.00", "#,###.0", "0.0%": digits after the point, grouping. */
struct pattern { int least, most; bool group, percent; };

static struct pattern pattern_of(struct str f)
{
	struct pattern p = { 0, 0, false, false };
	bool point = false;

	for (size_t i = 0; i < f.n; i++) {
		char c = f.p[i];

		point = point || c == '.';
		p.group = p.group || c == ',';
		p.percent = p.percent || c == '%';
		p.most += point && (c == '0' || c == '#');
		p.least += point && c == '0';
	}
	p.most = p.most > 20 ? 20 : p.most;
	return p;
}

/* x with p.most digits at most; trailing zeros beyond p.least go. */
static size_t pattern_digits(char *tmp, size_t size, double x, struct pattern p)
{
	size_t n;

	if (p.most < 15 && fabs(x) < 1e15)
		x = f_round_to(fabs(x), p.most) * (x < 0 ? -1 : 1);
	n = (size_t)snprintf(tmp, size, "%.*f", p.most, x);
	n = n < size ? n : size - 1;
	for (; p.most > p.least && n > 0 && tmp[n - 1] == '0'; p.most--)
		n--;
	return n > 0 && tmp[n - 1] == '.' ? n - 1 : n;
}

static size_t pattern_number(char *buf, size_t size, double x, struct str f)
{
	struct pattern p = pattern_of(f);
	char tmp[400];
	size_t n = pattern_digits(tmp, sizeof(tmp), p.percent ? x * 100 : x, p);
	size_t w = 0, digits = strcspn(tmp, "."), first = tmp[0] == '-';

	digits = digits < n ? digits : n;
	for (size_t i = 0; i < n && w + 3 < size; i++) {
		if (p.group && i > first && i < digits && (digits - i) % 3 == 0)
			buf[w++] = ',';
		buf[w++] = tmp[i];
	}
	if (p.percent && w + 1 < size)
		buf[w++] = '%';
	buf[w] = '\0';
	return w;
}

static size_t number_text(struct script_vm *vm, char *buf, size_t size, double x,
			  struct str f)
{
	if (isnan(x))
		return (size_t)snprintf(buf, size, "NaN");
	if (isinf(x))
		return (size_t)snprintf(buf, size, x > 0 ? "Infinity" : "-Infinity");
	if (str_eqc(f, "mintick")) {
		double t = vm->m.mintick;
		int d = 0;

		for (; d < 12 && fabs(t - floor(t + 0.5)) > 1e-9; d++)
			t *= 10;
		return (size_t)snprintf(buf, size, "%.*f", d, f_tick(x, vm->m.mintick));
	}
	if (str_eqc(f, "percent"))
		return pattern_number(buf, size, x / 100, STR("0.00%"));
	if (str_eqc(f, "volume"))
		return pattern_number(buf, size, x, STR("#,###.##"));
	if (f.n > 0 && !str_eqc(f, "NaN"))
		return pattern_number(buf, size, x, f);
	return plain_number(buf, size, x, 10);
}

FN(to_text)
{
	char buf[512];
	size_t k;

	(void)n;
	if (a[2] == 2)
		k = (size_t)snprintf(buf, sizeof(buf), "%s", isnan(a[0]) ? "NaN" :
				     truth(a[0]) ? "true" : "false");
	else
		k = number_text(vm, buf, sizeof(buf), a[0], is_na(a[1]) ? STR("") : S(1));
	*ret = vm_str_new(vm, buf, k < sizeof(buf) ? k : sizeof(buf) - 1);
	return 0;
}

/* One {k} or {k,number,pattern}; returns what was read of f. */
static size_t format_place(struct script_vm *vm, struct str f, const double *a, size_t n,
			   char *out, size_t size, size_t *w)
{
	size_t end = 0, k;
	struct str body, num, kind;
	uint64_t at;

	while (end < f.n && f.p[end] != '}')
		end++;
	body = str_n(f.p + 1, end - 1);
	str_split(&body, ',', &num);
	str_split(&body, ',', &kind);
	if (end == f.n || !str_u64(str_trim(num), &at) || at + 1 >= n + 0)
		return 0;
	body = str_trim(body);
	if (str_eqc(body, "integer"))
		body = STR("#");
	else if (str_eqc(body, "percent"))
		body = STR("0%");
	if (is_ref(a[at + 1])) {
		struct str s = vm_str(vm, a[at + 1]);

		k = s.n < size - *w - 1 ? s.n : size - *w - 1;
		memcpy(out + *w, s.p, k);
	} else if (body.n > 0) {
		k = number_text(vm, out + *w, size - *w, a[at + 1], body);
	} else {
		k = number_text(vm, out + *w, size - *w, a[at + 1], STR("#,###.###"));
	}
	*w += k < size - *w ? k : size - *w - 1;
	return end + 1;
}

FN(text_format)
{
	struct str f = S(0);
	char buf[8192];
	size_t w = 0;

	for (size_t i = 0; i < f.n && w + 600 < sizeof(buf); ) {
		size_t used = 0;

		if (f.p[i] == '{')
			used = format_place(vm, str_n(f.p + i, f.n - i), a, n, buf,
					    sizeof(buf), &w);
		if (used == 0)
			buf[w++] = f.p[i++];
		i += used;
	}
	*ret = vm_str_new(vm, buf, w);
	return 0;
}

FN(text_case)
{
	struct str s = S(0);
	char buf[16384 + 1];

	(void)n;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (vm->call->data == 1 && c >= 'a' && c <= 'z')
			c = (char)(c - 32);
		else if (vm->call->data == 0 && c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		buf[i] = c;
	}
	*ret = vm_str_new(vm, buf, s.n);
	return 0;
}

FN(text_length)
{
	(void)n;
	*ret = (double)S(0).n;
	return 0;
}

static size_t find(struct str s, struct str part, size_t from)
{
	for (size_t i = from; i + part.n <= s.n; i++)
		if (memcmp(s.p + i, part.p, part.n) == 0)
			return i;
	return SIZE_MAX;
}

FN(text_find)
{
	struct str s = S(0), part = S(1);
	size_t at = find(s, part, 0);

	(void)n;
	switch (vm->call->data) {
	case 0: *ret = at != SIZE_MAX; break;
	case 1: *ret = at == 0; break;
	case 2: *ret = s.n >= part.n &&
		memcmp(s.p + s.n - part.n, part.p, part.n) == 0; break;
	default: *ret = at == SIZE_MAX ? NAN : (double)at; break;
	}
	return 0;
}

#define MATCH_BUDGET 1000000u

FN(text_match)
{
	uint64_t left = vm->steps_max - vm->steps, budget;
	size_t at, len;
	const char *why;

	(void)n;
	*ret = NAN;
	if (is_na(a[0]) || is_na(a[1]))
		return 0;
	budget = left < MATCH_BUDGET ? left : MATCH_BUDGET;
	left = budget;
	switch (regex_search(S(1), S(0), &left, &at, &len, &why)) {
	case 1:
		*ret = vm_str_new(vm, S(0).p + at, len);
		break;
	case -1:
		vm_fail(vm, E_INVAL, vm->call->line, "str.match(): the pattern cannot be read: "
			"%s", why);
		break;
	case -2:
		vm_fail(vm, E_LIMIT, vm->call->line, "str.match(): the pattern tries too many "
			"ways");
		break;
	}
	vm->steps += (budget - left) / 8 + 100;
	return 0;
}

FN(text_replace)
{
	struct str s = S(0), t = S(1), r = S(2);
	bool all = vm->call->data == 1;
	char buf[16384];
	size_t w = 0, i = 0, hit = 0;

	while (i < s.n) {
		size_t at = t.n > 0 ? find(s, t, i) : SIZE_MAX, k;
		bool swap = at == i && (all || (double)hit == a[n - 1]);

		k = swap ? r.n : at == i ? t.n : 1;
		hit += at == i;
		if (w + k > sizeof(buf)) {
			vm_fail(vm, E_LIMIT, vm->call->line,
				"a text of more than 16384 characters");
			return 0;
		}
		memcpy(buf + w, swap ? r.p : s.p + i, k);
		w += k;
		i += at == i ? t.n : 1;
	}
	*ret = vm_str_new(vm, buf, w);
	return 0;
}

FN(text_sub)
{
	struct str s = S(0);
	double b = isnan(a[1]) ? 0 : a[1], e = isnan(a[2]) ? (double)s.n : a[2];

	(void)n;
	if (b < 0 || e < b || b > (double)s.n) {
		vm_fail(vm, E_INVAL, vm->call->line, "str.substring(): positions %g to %g "
			"of a text of %zu", b, e, s.n);
		return 0;
	}
	e = e > (double)s.n ? (double)s.n : e;
	*ret = vm_str_new(vm, s.p + (size_t)b, (size_t)(e - b));
	return 0;
}

FN(text_split)
{
	struct str s = S(0), sep = S(1);
	double arr = vm_obj_new(vm, OBJ_ARRAY, 0);
	size_t i = 0;

	(void)n;
	for (;;) {
		size_t at = sep.n > 0 ? find(s, sep, i) : i + 1;
		size_t end = at >= s.n ? s.n : at;
		double part = vm_str_new(vm, s.p + i, end - i);
		struct obj *o = vm_obj(vm, arr, OBJ_ARRAY);

		if (o == NULL || !vm_obj_room(vm, o, o->n + 1))
			return 0;
		o->v[o->n++] = part;
		if (at >= s.n)
			break;
		i = end + sep.n;
	}
	*ret = arr;
	return 0;
}

FN(text_repeat)
{
	struct str s = S(0), sep = is_na(a[2]) ? STR("") : S(2);
	char buf[16384];
	size_t w = 0;

	(void)n;
	for (double k = 0; k < a[1]; k++) {
		size_t m = k > 0 ? sep.n : 0;

		if (w + m + s.n > sizeof(buf)) {
			vm_fail(vm, E_LIMIT, vm->call->line,
				"a text of more than 16384 characters");
			return 0;
		}
		memcpy(buf + w, sep.p, m);
		memcpy(buf + w + m, s.p, s.n);
		w += m + s.n;
		if (m + s.n == 0)
			break;
	}
	*ret = vm_str_new(vm, buf, w);
	return 0;
}

FN(text_trim)
{
	struct str s = str_trim(S(0));

	(void)n;
	*ret = vm_str_new(vm, s.p, s.n);
	return 0;
}

FN(text_number)
{
	(void)n;
	if (!str_double(str_trim(S(0)), ret))
		*ret = NAN;
	return 0;
}

FN(runtime_error)
{
	struct str s = S(0);

	(void)ret;
	(void)n;
	vm_fail(vm, E_INVAL, vm->call->line, "%.*s", STR_ARG(s));
	return 0;
}
