#ifndef CORE_ERR_H
#define CORE_ERR_H
/* err.h - how a call says that it did not do what it was asked.
 *
 * A function that can fail returns 0 or -(enum errc) and, on failure only,
 * fills the caller's struct err.  It never touches its ret_ arguments then.
 * The message has its room in the struct: reporting an error allocates
 * nothing and so cannot fail. */
#include "core/base.h"

#define ERRC_LIST(X)							\
	X(INVAL, 400)	/* the caller's input is malformed */		\
	X(UNAUTH, 401)	/* nobody is signed in */			\
	X(DENIED, 403)	/* signed in, and not allowed to */		\
	X(NOTFOUND, 404)						\
	X(CONFLICT, 409) /* the state of things does not permit it */	\
	X(TOOBIG, 413) X(MEDIA, 415)					\
	X(UNPROCESSABLE, 422) /* well formed, and refused by a rule */	\
	X(LIMIT, 429) X(BUG, 500)					\
	X(IO, 500)	/* file or socket; errno is in the sentence */	\
	X(EXCHANGE, 502)						\
	X(DB, 503)	/* the database is away, nothing was written */	\
	X(BUSY, 503)	/* locked, draining, lease held elsewhere */	\
	X(TIMEOUT, 504)							\
	X(UNCERTAIN, 504) /* sent, and no one knows whether it was done */

enum errc {
	E_OK = 0,
#define X(name, http) E_##name,
	ERRC_LIST(X)
#undef X
	E__MAX
};

struct err {
	enum errc code;
	int line;
	const char *file;
	char msg[200];
};

/* Fill *e (which may be NULL) and give -code to return. */
int err_set(struct err *e, enum errc code, const char *file, int line,
	    const char *fmt, ...) PRINTF_LIKE(5, 6);
#define FAIL(e, code, ...) err_set((e), (code), __FILE__, __LINE__, __VA_ARGS__)

/* Put what was being done in front of the message: "load bot 7: no row". */
void err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *errc_name(enum errc code);
int errc_http(enum errc code);

#endif /* CORE_ERR_H */
