#ifndef CORE_STR_H
#define CORE_STR_H
/* str.h - a view of characters that somebody else owns; not NUL-terminated. */
#include "core/arena.h"

struct str { const char *p; size_t n; };

#define STR(lit) ((struct str){ "" lit, sizeof(lit) - 1 })
#define STR_ARG(s) (int)(s).n, (s).p	/* for "%.*s" */
static inline struct str str_n(const char *p, size_t n)
{
	return (struct str){ p, n };
}
struct str str_c(const char *c);		/* c may be NULL: empty */
char *str_dup(struct arena *out, struct str s) NONNULL_RET;
bool str_eq(struct str a, struct str b);
bool str_eqc(struct str a, const char *c);
bool str_eq_nocase(struct str a, struct str b);	/* ASCII */
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
bool str_contains(struct str s, const char *part);
int str_cmp(struct str a, struct str b);
struct str str_trim(struct str s);		/* spaces, tabs, CR, LF */
/* Cut the part before sep off *rest into *ret; false when *rest is used up.
 * "a,,b" gives "a", "", "b"; "" gives one empty part. */
bool str_split(struct str *rest, char sep, struct str *ret);
/* Whole text, decimal, no spaces; false on anything else or overflow. */
MUST_CHECK bool str_i64(struct str s, int64_t *ret);
MUST_CHECK bool str_u64(struct str s, uint64_t *ret);
MUST_CHECK bool str_double(struct str s, double *ret);	/* no hex, no nan, no inf */
bool str_utf8_valid(struct str s);
/* Bytes of the valid UTF-8 sequence at s (n bytes are there); 0: not valid. */
size_t utf8_len(const char *s, size_t n);
uint32_t utf8_decode(const char *s, size_t len);	/* of a valid sequence */
size_t utf8_encode(char out[static 4], uint32_t c);	/* bytes written */
/* 2n hex digits and a NUL, lower case; and back. */
void str_hex(char *out, const void *data, size_t n);
MUST_CHECK bool str_unhex(void *out, size_t n, struct str hex);
/* Constant time: for secrets. */
bool mem_eq_secret(const void *a, const void *b, size_t n);

#endif /* CORE_STR_H */
