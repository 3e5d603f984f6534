#ifndef CONF_CONF_I_H
#define CONF_CONF_I_H
/* conf_i.h - the table as the module's own files see it. */
#include "conf/conf.h"

enum conf_type { T_INT, T_SECS, T_BYTES, T_BOOL, T_ENUM, T_TEXT, T_SECRET,
		 T_PATH, T_LIST };
/* GROUP_X is the number of the first setting of the group X: the second
 * enumerator takes back the step that the first one made. */
enum conf_group {
#define GROUP(id, title) GROUP_##id, GROUP_BACK_##id = GROUP_##id - 1,
#define X(name, type, lo, hi, def, words, help) GROUP_AT_##name,
#include "conf/settings.h"
#undef X
#undef GROUP
};

struct setting {
	const char *name;
	enum conf_type type;
	size_t offset;			/* in struct conf */
	int64_t lo, hi;
	const char *def, *words, *help;
};

extern const struct setting conf_settings[CONF__MAX];

struct group { enum conf_group first; const char *id, *title; };
extern const struct group conf_groups[];	/* in order; title NULL ends it */
/* Does PERF_<NAME> count?  (Settings of the first group.) */
bool conf_is_perf(const struct setting *s);

/* The member of a setting; the type must be its C type. */
#define CONF_MEMBER(ctype, c, s) \
	((ctype *)(void *)((char *)(c) + (s)->offset))
#define CONF_MEMBER_CONST(ctype, c, s) \
	((ctype const *)(const void *)((const char *)(c) + (s)->offset))

/* What may stand for it: "1 to 256, or auto". */
void conf_range(struct sbuf *b, const struct setting *s);
/* The value in the syntax of the file; secrets as ***. */
void conf_value(struct sbuf *b, const struct setting *s, const struct conf *c);

#endif /* CONF_CONF_I_H */
