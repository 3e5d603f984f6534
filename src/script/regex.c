#include "config.h"

#include <string.h>

#include "core/base.h"
#include "script/regex_i.h"

enum op { R_CHAR, R_ANY, R_CLASS, R_SPLIT, R_JUMP, R_SAVE, R_BEGIN, R_END, R_EDGE,
	  R_NOEDGE, R_BACK, R_AHEAD, R_NOAHEAD, R_MARK, R_MOVED, R_DONE };

#define CODE_MAX  2000
#define SETS_MAX  1000
#define GROUPS	  10
#define MARKS	  20
#define STACK_MAX 4000
#define DEPTH_MAX 40

/* SPLIT: first x, then y.  CLASS: ranges from x, y of them.  AHEAD: the code
 * behind it ends with DONE; goes on at x. */
struct inst { enum op op; uint32_t x, y; bool invert; };
struct range { uint32_t from, to; };

struct regex {
	struct inst code[CODE_MAX];
	size_t n;
	struct range set[SETS_MAX];
	size_t n_set;
	unsigned groups, marks, depth;
	bool fold;
	const char *p, *end, *why;
};

static bool fail(struct regex *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	return false;
}

static size_t emit(struct regex *r, enum op op, uint32_t x, uint32_t y)
{
	if (r->n + 1 >= CODE_MAX) {
		fail(r, "it is too long");
		return r->n;
	}
	r->code[r->n] = (struct inst){ op, x, y, false };
	return r->n++;
}

/* One character of UTF-8, which the caller has checked; its bytes. */
static size_t decode(const char *p, const char *end, uint32_t *ret)
{
	unsigned char c = (unsigned char)*p;
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (n == 1 || (size_t)(end - p) < n) {
		*ret = c;
		return 1;
	}
	*ret = c & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		*ret = *ret << 6 | ((unsigned char)p[i] & 0x3f);
	return n;
}

static uint32_t lower(uint32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

/* ---- reading the pattern ---------------------------------------------------- */

static void add_range(struct regex *r, uint32_t from, uint32_t to)
{
	if (r->n_set == SETS_MAX) {
		fail(r, "its classes are too long");
		return;
	}
	if (from > to)
		fail(r, "a range of a class runs backwards");
	r->set[r->n_set++] = (struct range){ from, to };
}

/* What \d, \w, \s and their opposites hold. */
static bool add_named(struct regex *r, char c)
{
	static const struct { char name; uint8_t n; struct range v[5]; } sets[] = {
		{ 'd', 1, { { '0', '9' } } },
		{ 'D', 2, { { 0, '0' - 1 }, { '9' + 1, 0x10ffff } } },
		{ 'w', 4, { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } } },
		{ 'W', 5, { { 0, '0' - 1 }, { '9' + 1, 'A' - 1 }, { 'Z' + 1, '_' - 1 },
			    { '_' + 1, 'a' - 1 }, { 'z' + 1, 0x10ffff } } },
		{ 's', 2, { { 9, 13 }, { ' ', ' ' } } },
		{ 'S', 3, { { 0, 8 }, { 14, ' ' - 1 }, { ' ' + 1, 0x10ffff } } },
	};

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		if (sets[i].name != c)
			continue;
		for (size_t k = 0; k < sets[i].n; k++)
			add_range(r, sets[i].v[k].from, sets[i].v[k].to);
		return true;
	}
	return false;
}

static bool hex(struct regex *r, int n, uint32_t *ret)
{
	*ret = 0;
	for (int i = 0; i < n; i++, r->p++) {
		char c = r->p < r->end ? *r->p : ' ';

		if (c >= '0' && c <= '9')
			*ret = *ret * 16 + (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			*ret = *ret * 16 + (uint32_t)((c | 32) - 'a') + 10;
		else
			return fail(r, "\\x needs two, \\u four hexadecimal digits");
	}
	return true;
}

/* The character behind a backslash, which r->p is at. */
static bool escaped(struct regex *r, uint32_t *ret)
{
	char c = *r->p;

	switch (c) {
	case 't': *ret = 9; break;
	case 'n': *ret = 10; break;
	case 'r': *ret = 13; break;
	case 'f': *ret = 12; break;
	case 'x': r->p++; return hex(r, 2, ret);
	case 'u': r->p++; return hex(r, 4, ret);
	default:
		if ((c | 32) >= 'a' && (c | 32) <= 'z')
			return fail(r, "a backslash before a letter it does not know");
		r->p += decode(r->p, r->end, ret);
		return true;
	}
	r->p++;
	return true;
}

/* A character of a class; false when it was a named set, or is wrong. */
static bool class_char(struct regex *r, uint32_t *ret)
{
	if (*r->p != '\\') {
		r->p += decode(r->p, r->end, ret);
		return true;
	}
	if (++r->p == r->end)
		return fail(r, "it ends with a backslash");
	if (add_named(r, *r->p)) {
		r->p++;
		return false;
	}
	return escaped(r, ret);
}

static void read_class(struct regex *r)
{
	size_t from = r->n_set, at;
	bool invert = r->p < r->end && *r->p == '^', first = true;
	uint32_t a, b;

	r->p += invert;
	for (; r->why == NULL && r->p < r->end && (*r->p != ']' || first); first = false) {
		if (!class_char(r, &a))
			continue;
		b = a;
		if (r->end - r->p > 1 && r->p[0] == '-' && r->p[1] != ']') {
			r->p++;
			if (!class_char(r, &b)) {
				fail(r, "a range of a class ends with a set");
				return;
			}
		}
		add_range(r, a, b);
	}
	if (r->p >= r->end) {
		fail(r, "a [ without its ]");
		return;
	}
	r->p++;
	at = emit(r, R_CLASS, (uint32_t)from, (uint32_t)(r->n_set - from));
	r->code[at].invert = invert;
}

static void read_choice(struct regex *r);

static void read_group(struct regex *r)
{
	size_t at = 0;
	unsigned k = 0;
	bool look = false;

	if (++r->depth > DEPTH_MAX)
		fail(r, "its groups are nested too deeply");
	if (r->why != NULL)
		return;
	if (r->end - r->p > 1 && r->p[0] == '?') {
		look = r->p[1] == '=' || r->p[1] == '!';
		if (look)
			at = emit(r, r->p[1] == '=' ? R_AHEAD : R_NOAHEAD, 0, 0);
		else if (r->p[1] != ':')
			fail(r, "a (? it does not know");
		r->p += 2;
	} else if (r->groups < GROUPS - 1) {
		k = ++r->groups;
		emit(r, R_SAVE, 2 * k, 0);
	}
	read_choice(r);
	if (r->p >= r->end || *r->p != ')') {
		fail(r, "a ( without its )");
		return;
	}
	r->p++;
	r->depth--;
	if (k > 0)
		emit(r, R_SAVE, 2 * k + 1, 0);
	if (look) {
		emit(r, R_DONE, 0, 0);
		r->code[at].x = (uint32_t)r->n;
	}
}

static void read_escape(struct regex *r)
{
	size_t from = r->n_set;
	uint32_t c;

	if (r->p == r->end) {
		fail(r, "it ends with a backslash");
		return;
	}
	if (*r->p == 'b' || *r->p == 'B') {
		emit(r, *r->p++ == 'b' ? R_EDGE : R_NOEDGE, 0, 0);
	} else if (*r->p >= '1' && *r->p <= '9') {
		emit(r, R_BACK, (uint32_t)(*r->p++ - '0'), 0);
	} else if (add_named(r, *r->p)) {
		r->p++;
		emit(r, R_CLASS, (uint32_t)from, (uint32_t)(r->n_set - from));
	} else if (escaped(r, &c)) {
		emit(r, R_CHAR, c, 0);
	}
}

static void read_atom(struct regex *r)
{
	uint32_t c;

	switch (*r->p) {
	case '(': r->p++; read_group(r); return;
	case '[': r->p++; read_class(r); return;
	case '.': r->p++; emit(r, R_ANY, 0, 0); return;
	case '^': r->p++; emit(r, R_BEGIN, 0, 0); return;
	case '$': r->p++; emit(r, R_END, 0, 0); return;
	case '\\': r->p++; read_escape(r); return;
	case '*': case '+': case '?':
		fail(r, "a *, + or ? that follows nothing");
		return;
	default:
		r->p += decode(r->p, r->end, &c);
		emit(r, R_CHAR, c, 0);
	}
}

static bool number(struct regex *r, unsigned *ret)
{
	const char *from = r->p;

	for (*ret = 0; r->p < r->end && *r->p >= '0' && *r->p <= '9' && *ret < 1000; r->p++)
		*ret = *ret * 10 + (unsigned)(*r->p - '0');
	return r->p > from;
}

#define ENDLESS 1001u

/* How often: false when nothing of it follows. */
static bool read_times(struct regex *r, unsigned *lo, unsigned *hi)
{
	const char *from = r->p;

	*lo = 0;
	*hi = ENDLESS;
	if (r->p == r->end)
		return false;
	switch (*r->p++) {
	case '*': return true;
	case '+': *lo = 1; return true;
	case '?': *hi = 1; return true;
	case '{':
		if (number(r, lo)) {
			*hi = *lo;
			if (r->p < r->end && *r->p == ',') {
				r->p++;
				if (!number(r, hi))
					*hi = ENDLESS;
			}
			if (r->p < r->end && *r->p == '}') {
				r->p++;
				if (*hi < *lo)
					fail(r, "a {m,n} that runs backwards");
				return true;
			}
		}
		break;
	}
	r->p = from;		/* a plain character */
	return false;
}

/* The code from `at` on once more, at the end. */
static void repeat(struct regex *r, size_t at, size_t n)
{
	size_t to = r->n;

	for (size_t i = 0; i < n && r->why == NULL; i++) {
		struct inst k = r->code[at + i];
		size_t put = emit(r, k.op, k.x, k.y);

		if (k.op == R_SPLIT || k.op == R_JUMP || k.op == R_AHEAD || k.op == R_NOAHEAD) {
			k.x += (uint32_t)(to - at);
			k.y += k.op == R_SPLIT ? (uint32_t)(to - at) : 0;
		}
		r->code[put] = k;
	}
}

static void split(struct regex *r, size_t at, size_t in, size_t out, bool lazy)
{
	r->code[at] = (struct inst){ R_SPLIT, (uint32_t)(lazy ? out : in),
				     (uint32_t)(lazy ? in : out), false };
}

/* Between `from` and the end stands one; make it lo to hi. */
static void multiply(struct regex *r, size_t from, unsigned lo, unsigned hi, bool lazy)
{
	size_t n = r->n - from, begin = from;
	unsigned have = 1, m = r->marks;

	for (; have < lo && r->why == NULL; have++)
		repeat(r, from, n);
	if (lo == 0) {			/* the one there is may be left out */
		emit(r, R_DONE, 0, 0);
		if (r->why != NULL)
			return;
		memmove(&r->code[from + 1], &r->code[from], n * sizeof(r->code[0]));
		for (size_t i = from + 1; i < r->n; i++) {
			struct inst *k = &r->code[i];

			if (k->op == R_SPLIT || k->op == R_JUMP || k->op == R_AHEAD ||
			    k->op == R_NOAHEAD) {
				k->x += k->x >= from;
				k->y += k->op == R_SPLIT && k->y >= from;
			}
		}
		begin = from + 1;
	}
	if (hi == ENDLESS) {
		size_t loop = emit(r, R_SPLIT, 0, 0), body;

		if (r->marks++ >= MARKS)
			fail(r, "it repeats too many things");
		body = emit(r, R_MARK, m, 0);
		repeat(r, begin, n);
		emit(r, R_MOVED, m, 0);
		emit(r, R_JUMP, (uint32_t)loop, 0);
		split(r, loop, body, r->n, lazy);
	}
	for (; hi != ENDLESS && have < hi && r->why == NULL; have++) {
		size_t at = emit(r, R_SPLIT, 0, 0);

		repeat(r, begin, n);
		split(r, at, at + 1, r->n, lazy);
	}
	if (lo == 0 && hi == 0)
		r->code[from] = (struct inst){ R_JUMP, (uint32_t)r->n, 0, false };
	else if (lo == 0)
		split(r, from, from + 1, r->n, lazy);
}

static void read_sequence(struct regex *r)
{
	while (r->why == NULL && r->p < r->end && *r->p != '|' && *r->p != ')') {
		size_t from = r->n;
		unsigned lo, hi;
		bool lazy;

		read_atom(r);
		if (r->why != NULL || !read_times(r, &lo, &hi))
			continue;
		lazy = r->p < r->end && *r->p == '?';
		r->p += lazy;
		multiply(r, from, lo, hi, lazy);
	}
}

static void read_choice(struct regex *r)
{
	size_t from = r->n, n, at;

	read_sequence(r);
	while (r->why == NULL && r->p < r->end && *r->p == '|') {
		r->p++;
		/* the first choices behind a split, then a jump to the end */
		n = r->n - from;
		emit(r, R_JUMP, 0, 0);
		at = emit(r, R_JUMP, 0, 0);
		if (r->why != NULL)
			return;
		memmove(&r->code[from + 1], &r->code[from], n * sizeof(r->code[0]));
		for (size_t i = from + 1; i < at; i++) {
			struct inst *k = &r->code[i];

			if (k->op == R_SPLIT || k->op == R_JUMP || k->op == R_AHEAD ||
			    k->op == R_NOAHEAD) {
				k->x += k->x >= from;
				k->y += k->op == R_SPLIT && k->y >= from;
			}
		}
		split(r, from, from + 1, r->n, false);
		read_sequence(r);
		r->code[at] = (struct inst){ R_JUMP, (uint32_t)r->n, 0, false };
	}
}

/* ---- trying ------------------------------------------------------------------ */

struct way { uint32_t pc, undo; size_t at, was; };	/* undo: slot + 1 */

struct run {
	const struct regex *r;
	struct str text;
	uint64_t *steps;
	size_t slot[2 * GROUPS + MARKS];
	struct way stack[STACK_MAX];
	size_t n;
	bool full;
};

#define NOWHERE SIZE_MAX

static bool push(struct run *k, uint32_t pc, size_t at, uint32_t undo, size_t was)
{
	if (k->n == STACK_MAX) {
		k->full = true;
		return false;
	}
	k->stack[k->n++] = (struct way){ pc, undo, at, was };
	return true;
}

static bool set_slot(struct run *k, uint32_t slot, size_t at)
{
	if (!push(k, 0, 0, slot + 1, k->slot[slot]))
		return false;
	k->slot[slot] = at;
	return true;
}

static bool is_word(const struct run *k, size_t at)
{
	char c = at < k->text.n ? k->text.p[at] : ' ';

	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (c >= 'a' && c <= 'z');
}

static bool edge(const struct run *k, size_t at)
{
	return (at > 0 && is_word(k, at - 1)) != is_word(k, at);
}

static bool in_class(const struct regex *r, const struct inst *i, uint32_t c)
{
	for (uint32_t k = 0; k < i->y; k++) {
		const struct range *g = &r->set[i->x + k];
		uint32_t up = c >= 'a' && c <= 'z' ? c - 32 : c;

		if ((c >= g->from && c <= g->to) ||
		    (r->fold && ((lower(c) >= g->from && lower(c) <= g->to) ||
				 (up >= g->from && up <= g->to))))
			return !i->invert;
	}
	return i->invert;
}

/* The length of what this instruction takes at `at`, or NOWHERE. */
static size_t takes(const struct run *k, const struct inst *i, size_t at)
{
	const char *p = k->text.p + at, *end = k->text.p + k->text.n;
	uint32_t c;
	size_t n;

	if (i->op == R_BACK) {
		size_t from = k->slot[2 * i->x], to = k->slot[2 * i->x + 1];

		if (from == NOWHERE || to == NOWHERE || to < from ||
		    to - from > k->text.n - at ||
		    memcmp(k->text.p + from, p, to - from) != 0)
			return NOWHERE;
		return to - from;
	}
	if (at == k->text.n)
		return NOWHERE;
	n = decode(p, end, &c);
	if (i->op == R_ANY)
		return c == '\n' ? NOWHERE : n;
	if (i->op == R_CLASS)
		return in_class(k->r, i, c) ? n : NOWHERE;
	if (c == i->x || (k->r->fold && lower(c) == lower(i->x)))
		return n;
	return NOWHERE;
}

static bool stands(const struct run *k, enum op op, size_t at)
{
	if (op == R_BEGIN)
		return at == 0;
	if (op == R_END)
		return at == k->text.n;
	return edge(k, at) == (op == R_EDGE);
}

static size_t try(struct run *k, uint32_t pc, size_t at, int depth);

static bool look(struct run *k, const struct inst *i, uint32_t pc, size_t at, int depth)
{
	size_t n = depth < DEPTH_MAX ? try(k, pc + 1, at, depth + 1) : NOWHERE;

	return (n != NOWHERE) == (i->op == R_AHEAD);
}

/* What takes nothing of the text and goes on behind itself. */
static bool pass(struct run *k, const struct inst *i, uint32_t *pc, size_t at)
{
	if (i->op == R_SAVE)
		return set_slot(k, i->x, at);
	if (i->op == R_MARK)
		return set_slot(k, 2 * GROUPS + i->x, at);
	if (i->op != R_MOVED)
		return stands(k, i->op, at);
	if (k->slot[2 * GROUPS + i->x] == at)
		++*pc;			/* nothing more: past the jump back */
	return true;
}

/* One instruction; false: this way ends here. */
static bool step(struct run *k, uint32_t *pc, size_t *at, int depth)
{
	const struct inst *i = &k->r->code[*pc];
	size_t n;

	if (i->op == R_SPLIT || i->op == R_JUMP) {
		*pc = i->x;
		return i->op == R_JUMP || push(k, i->y, *at, 0, 0);
	}
	if (i->op == R_AHEAD || i->op == R_NOAHEAD) {
		if (!look(k, i, *pc, *at, depth))
			return false;
		*pc = i->x;
		return true;
	}
	if (i->op == R_CHAR || i->op == R_ANY || i->op == R_CLASS || i->op == R_BACK) {
		n = takes(k, i, *at);
		if (n == NOWHERE)
			return false;
		*at += n;
	} else if (!pass(k, i, pc, *at)) {
		return false;
	}
	++*pc;
	return true;
}

/* Where what begins at `at` ends, or NOWHERE.  Ways left over are dropped. */
static size_t try(struct run *k, uint32_t pc, size_t at, int depth)
{
	size_t base = k->n;

	for (;;) {
		if (*k->steps == 0 || k->full)
			return NOWHERE;
		--*k->steps;
		if (k->r->code[pc].op == R_DONE) {
			k->n = base;
			return at;
		}
		if (step(k, &pc, &at, depth))
			continue;
		for (;;) {
			struct way w;

			if (k->n == base)
				return NOWHERE;
			w = k->stack[--k->n];
			if (w.undo > 0) {
				k->slot[w.undo - 1] = w.was;
				continue;
			}
			pc = w.pc;
			at = w.at;
			break;
		}
	}
}

int regex_search(struct str pattern, struct str text, uint64_t *steps,
		 size_t *ret_at, size_t *ret_n, const char **ret_why)
{
	struct regex r = { .p = pattern.p, .end = pattern.p + pattern.n };
	struct run k = { .r = &r, .text = text, .steps = steps };

	if (pattern.n >= 4 && memcmp(pattern.p, "(?i)", 4) == 0) {
		r.fold = true;
		r.p += 4;
	}
	read_choice(&r);
	if (r.why == NULL && r.p < r.end)
		fail(&r, "a ) without its (");
	emit(&r, R_DONE, 0, 0);
	if (r.why != NULL) {
		*ret_why = r.why;
		return -1;
	}
	for (size_t at = 0; at <= text.n; at++) {
		size_t end;

		if (at < text.n && ((unsigned char)text.p[at] & 0xc0) == 0x80)
			continue;	/* not where a character begins */
		for (size_t i = 0; i < ARRAY_LEN(k.slot); i++)
			k.slot[i] = NOWHERE;
		k.n = 0;
		end = try(&k, 0, at, 0);
		if (*steps == 0 || k.full)
			return -2;
		if (end != NOWHERE) {
			*ret_at = at;
			*ret_n = end - at;
			return 1;
		}
	}
	return 0;
}
