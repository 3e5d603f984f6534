#ifndef SCRIPT_ROWS_I_H
#define SCRIPT_ROWS_I_H
/* rows_i.h - what the tables of the library say of each function. */
#include "script/prog_i.h"

/* A row of the library.  sig: "name:type" words; types b i f s c, x any,
 * n int or float (the result's n follows), a array, m map, w matrix, k and e its key and
 * element (results K, V: arrays of them), d drawing, p plot, u void;
 * suffix ! = must not be series, ? = optional (na), =number default. */
enum lib_kind {
	LIB_OP, LIB_IND, LIB_FN, LIB_INERT, LIB_CMD, LIB_PLOT, LIB_INPUT,
	LIB_NOTE, LIB_SPECIAL,
};
#define LF_PURE 1u	/* depends on its arguments only */
#define LF_ONCE 2u	/* the same for the whole run */
#define LF_HEAP 4u	/* makes or reads texts or objects: never a column */
struct lib {
	const char *name, *sig, *ret;
	enum lib_kind kind;
	int code;
	unsigned flags;
	call_fn *fn;
	const char *map;	/* IND: row, inputs / parameters */
};

#endif /* SCRIPT_ROWS_I_H */
