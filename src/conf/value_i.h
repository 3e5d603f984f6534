#ifndef CONF_VALUE_I_H
#define CONF_VALUE_I_H
/* value_i.h - one setting's value from its text. */
#include "conf/conf_i.h"
#include "core/str.h"

/* Sets the member.  NULL, or what is wrong; "%s" in it stands for the range. */
const char *value_set(struct arena *out, const struct setting *s,
		      const char *text, struct conf *c);
/* Is it the word "auto" of an INT or a BOOL?  resolve() has the value then. */
bool value_is_auto(const struct setting *s, const char *text);
/* Word number n of "a|b|c". */
const char *value_word(struct arena *out, const char *words, int n);

/* What the table cannot say: syntax of URLs and addresses, and settings that
 * do not go together.  Calls `bad` for each problem. */
typedef void check_bad_fn(void *ctx, enum conf_id id, const char *reason);
void check_all(const struct conf *c, check_bad_fn *bad, void *ctx);

#endif /* CONF_VALUE_I_H */
