#ifndef TESTS_T_FCGI_H
#define TESTS_T_FCGI_H
/* t_fcgi.h - a FastCGI client that can be as wrong as a test wants. */
#include <sys/types.h>

#include "core/base.h"

enum { FC_BEGIN = 1, FC_ABORT = 2, FC_END = 3, FC_PARAMS = 4, FC_STDIN = 5,
       FC_STDOUT = 6 };

/* One record, or a whole request, made in a buffer. */
struct fc_buf { unsigned char b[1 << 19]; size_t n; };
void fc_record(struct fc_buf *f, int type, const void *data, size_t n);
void fc_begin(struct fc_buf *f);
void fc_param(struct fc_buf *params, const char *name, const char *value);
/* BEGIN, PARAMS (method, path, body's length and `more`, "NAME=value" ended by
 * NULL) and STDIN. */
void fc_request(struct fc_buf *f, const char *method, const char *path,
		const char *body, size_t n_body, const char *const *more);

int fc_connect(const char *path);
/* Writes in pieces of `piece` bytes (0: all at once). */
void fc_send(int fd, const struct fc_buf *f, size_t piece);
/* The answer: head and body of STDOUT, NUL-ended; -1: closed without an END,
 * -2: nothing for timeout_ms.  Closes fd. */
ssize_t fc_answer(int fd, char *out, size_t size, int timeout_ms);
/* All of it at once; the status of the answer, or fc_answer's -1, -2. */
int fc_call(const char *sock, const char *method, const char *path,
	    const char *body, char *out, size_t size);

#endif /* TESTS_T_FCGI_H */
