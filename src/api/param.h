#ifndef API_PARAM_H
#define API_PARAM_H
/* param.h - what comes in, as tables: text to typed struct at the door.
 *
 *	struct bot_in {
 *		struct str name;
 *		uint64_t market_id;
 *		struct quote initial_balance;
 *		bool has_speed;
 *		double speed;
 *	};
 *	static const struct param bot_params[] = {
 *		PARAM(struct bot_in, name, P_STR, "shown in lists",
 *		      .required = true, .min = 1, .max = 80),
 *		PARAM(struct bot_in, market_id, P_ID, "market to trade",
 *		      .required = true),
 *		PARAM(struct bot_in, initial_balance, P_QUOTE, "paper money",
 *		      .min = 1, .max = 1000000000, .def_text = "10000"),
 *		PARAM(struct bot_in, speed, P_F64, "multiple of real time",
 *		      .min = 0, .max = 1000000, HAS(struct bot_in, has_speed)),
 *	};
 *	static const struct params bot_body = PARAMS(struct bot_in, bot_params);
 *
 * The member's C type is compared with the parameter's type when compiling.
 * A name that is not in the table, comes twice, is missing though required,
 * has another type or lies outside min..max is refused; all faults of one
 * request are reported together.  What is absent has its default, or zero
 * (text: p == NULL); HAS() tells the two apart.  The same tables serve JSON
 * bodies, query strings and path templates, and make the OpenAPI document. */
#include "core/err.h"
#include "core/money.h"
#include "core/str.h"
#include "json/json.h"

/* Where a list goes on: the key of the last row seen, see api_next(). */
struct cursor { bool set; int64_t a, b; };

/* The elements of a P_ARR: n structs as .sub describes them (P_OBJ), or n
 * values of the type .item. */
struct list_in { void *v; size_t n; };

/*	type		member		JSON		min, max mean */
#define PTYPES(X)							\
	X(P_BOOL,	bool)		/* true, false */		\
	X(P_I64,	int64_t)	/* integer	value */	\
	X(P_U64,	uint64_t)	/* integer	value */	\
	X(P_ID,		uint64_t)	/* integer >= 1 */		\
	X(P_TIME,	int64_t)	/* ms since 1970 value */	\
	X(P_F64,	double)		/* number	value */	\
	X(P_STR,	struct str)	/* one line	characters */	\
	X(P_TEXT,	struct str)	/* many lines	characters */	\
	X(P_ENUM,	int)		/* one of .names, its index */	\
	X(P_PRICE,	struct price)	/* decimal text	value */	\
	X(P_QTY,	struct qty)	/* decimal text	value */	\
	X(P_QUOTE,	struct quote)	/* decimal text	value */	\
	X(P_CURSOR,	struct cursor)	/* query only */		\
	X(P_OBJ,	void *)		/* .sub->size bytes, NULL: absent */ \
	X(P_ARR,	struct list_in)	/* array	elements */	\
	X(P_JSON,	const struct json *) /* object, read by the handler */ \
	X(P_ANY,	const struct json *) /* any value, likewise */

enum ptype {
#define X(name, type) name,
	PTYPES(X)
#undef X
	P__MAX
};
#define X(name, type) typedef type ptype_##name;
PTYPES(X)
#undef X

struct params;

struct param {
	const char *name, *doc;
	enum ptype type;
	uint32_t off, has;		/* has: offset + 1, 0 without */
	bool required;
	bool nullable;			/* null is taken for absent */
	bool positive;			/* money: more than zero */
	bool ascii;			/* text: visible ASCII and spaces only */
	/* max 0: none (text: 1000 characters, arrays: 1000 elements); so what
	 * may be negative says so in .min */
	int64_t min, max;
	int64_t def;			/* numbers, bool, enum when absent */
	const char *def_text;		/* money when absent */
	const char *const *names;	/* P_ENUM: ends in NULL */
	const struct params *sub;	/* P_OBJ; P_ARR of objects */
	enum ptype item;		/* P_ARR of values (with sub NULL) */
};

struct params {
	const struct param *v;
	size_t n, size;			/* size of the struct they fill */
};
#define PARAMS_MAX 64			/* rows of a table */

/* Types and members cannot stand in parentheses. */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define PTYPE_SAME(st, mem, pt)						\
	__builtin_types_compatible_p(__typeof__(((st *)0)->mem), ptype_##pt)
#define PARAM_NAMED(st, mem, as, pt, text, ...)				\
	{ .name = (as), .doc = (text), .type = (pt),			\
	  .off = offsetof(st, mem) + 0 * sizeof(struct { int x;		\
		_Static_assert(PTYPE_SAME(st, mem, pt),			\
			       #mem " has another type than " #pt); }),	\
	  __VA_ARGS__ }
/* PARAM(struct, member, type, description, further members of the row) */
#define PARAM(st, mem, pt, ...) PARAM_NAMED(st, mem, #mem, pt, __VA_ARGS__)
#define HAS(st, mem)	.has = offsetof(st, mem) + 1
#define PARAMS(st, table) { (table), ARRAY_LEN(table), sizeof(st) }

/* Every list takes these two: PAGE_PARAMS(struct x_in, page). */
struct page { int64_t limit; struct cursor cursor; };
#define PAGE_PARAMS(st, mem)						\
	PARAM_NAMED(st, mem.limit, "limit", P_I64, "most items to answer", \
		    .min = 1, .max = 500, .def = 50),			\
	PARAM_NAMED(st, mem.cursor, "cursor", P_CURSOR,			\
		    "`next` of the page before")
/* NOLINTEND(bugprone-macro-parentheses) */

/* The fault of one parameter: "entries[3].level", "must be one of …". */
struct field_error {
	const char *field, *detail;
};
#define FIELD_ERRORS_MAX 16
struct field_errors {
	struct field_error v[FIELD_ERRORS_MAX];
	size_t n;
};
/* Add one (dropped when full); both texts are kept in `out`. */
void field_error(struct arena *out, struct field_errors *fe, const char *field,
		 const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Fill the zeroed struct at `ret` (p->size bytes).  -E_INVAL with the faults
 * in fe; the text they name lives in `out`, as do the values. */
MUST_CHECK int params_query(struct arena *out, const struct params *p,
			    struct str query, uint32_t salt, void *ret,
			    struct field_errors *fe, struct err *err);
MUST_CHECK int params_body(struct arena *out, const struct params *p,
			   struct str body, void *ret,
			   struct field_errors *fe, struct err *err);
/* The segments that stand for {names} in a path, in order. */
MUST_CHECK int params_path(struct arena *out, const struct params *p,
			   const struct str *segments, size_t n, void *ret,
			   struct field_errors *fe, struct err *err);
/* The cursor's text; `salt` is the route's, so that no other list takes it. */
const char *cursor_text(struct arena *out, uint32_t salt, int64_t a, int64_t b);
MUST_CHECK bool cursor_parse(struct str s, uint32_t salt, struct cursor *ret);

#endif /* API_PARAM_H */
