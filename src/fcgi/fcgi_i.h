#ifndef FCGI_FCGI_I_H
#define FCGI_FCGI_I_H
/* fcgi_i.h - what stands behind a struct request. */
#include "fcgi/fcgi.h"

#define PARAMS_MAX	(64u * 1024)
#define ANSWER_MAX	(4u << 20)

enum body_state { BODY_UNREAD, BODY_READ, BODY_SHORT };

struct request_i {
	const char *const *env;		/* NULL-ended "NAME=value" */
	/* Reads up to n bytes of the body; 0 at its end. */
	size_t (*read)(void *ctx, char *buf, size_t n);
	void *ctx;
	enum body_state state;
	struct str body;
	struct logctx lc_req, lc_trace, lc_route, lc_user;
	char user_text[24];
};

/* A parameter by its FastCGI name, or NULL. */
const char *env_get(const char *const *env, const char *name);
MUST_CHECK int request_fill(struct request *rq, const char *const *env,
			    struct err *err);
/* The head of the answer, up to and with the empty line. */
void answer_head(struct sbuf *b, const struct request *rq,
		 const struct answer *an);

#endif /* FCGI_FCGI_I_H */
