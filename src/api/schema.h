#ifndef API_SCHEMA_H
#define API_SCHEMA_H
/* schema.h - what goes out, as tables.
 *
 *	static const struct field trade_fields[] = {
 *		FIELD("number", &sc_int, "counted from 1"),
 *		FIELD("profit", &sc_money, "after fees"),
 *		FIELD_NULL("exit_time", &sc_time, "null while open"),
 *		FIELD_OPT("note", &sc_str, "absent when there is none"),
 *		FIELD("state", ENUM_OF(trade_states), "..."),
 *		FIELD("lines", ARRAY_OF(&sc_num), "..."),
 *	};
 *	const struct schema sc_trade = OBJECT("Trade", trade_fields,
 *					      "One round trip");
 *	... .answer = LIST_OF(&sc_trade)
 *
 * A schema with a name becomes a component of the OpenAPI document (and a
 * type in the browser client), so two schemas of one name must be one.
 * An object has exactly the fields of its table: schema_check() and the
 * integration tests hold real answers to that. */
#include "core/err.h"
#include "json/json.h"

enum stype {
	S_STR, S_INT, S_NUM, S_BOOL,
	S_ID,		/* integer >= 1 */
	S_TIME,		/* integer, ms since 1970 UTC */
	S_MONEY,	/* decimal text */
	S_ENUM,		/* one of .names */
	S_OBJ,		/* .fields */
	S_ARR,		/* of .item */
	S_LIST,		/* {"items": [.item], "next": cursor or null} */
	S_MAP,		/* any names, values of .item */
	S_ANY,		/* any JSON value */
};

struct schema {
	const char *name, *doc;
	enum stype type;
	bool null_ok;			/* the value may be null */
	const struct schema *item;
	const struct field *fields;
	size_t n_fields;
	const char *const *names;	/* ends in NULL */
};

struct field {
	const char *name;
	const struct schema *schema;
	const char *doc;
	bool null_ok, optional;
};

#define FIELD(n, sc, text)	{ (n), (sc), (text), false, false }
#define FIELD_NULL(n, sc, text)	{ (n), (sc), (text), true, false }
#define FIELD_OPT(n, sc, text)	{ (n), (sc), (text), false, true }
#define OBJECT(n, table, text)						\
	{ .name = (n), .doc = (text), .type = S_OBJ, .fields = (table),	\
	  .n_fields = ARRAY_LEN(table) }
/* Without a name of its own; at file scope these live for ever. */
#define ENUM_OF(n)	(&(const struct schema){ .type = S_ENUM, .names = (n) })
#define ARRAY_OF(sc)	(&(const struct schema){ .type = S_ARR, .item = (sc) })
#define LIST_OF(sc)	(&(const struct schema){ .type = S_LIST, .item = (sc) })
#define MAP_OF(sc)	(&(const struct schema){ .type = S_MAP, .item = (sc) })
#define NULL_OR_NUM	(&(const struct schema){ .type = S_NUM, .null_ok = true })

extern const struct schema sc_str, sc_int, sc_num, sc_bool, sc_id, sc_time,
	sc_money, sc_any;

/* Does the value fit?  -E_INVAL with "items[2].price: wanted decimal text". */
MUST_CHECK int schema_check(const struct schema *s, const struct json *j,
			    struct err *err);

#endif /* API_SCHEMA_H */
