#ifndef SCRIPT_STORE_H
#define SCRIPT_STORE_H
/* store.h - strategies in the database: users' own, and the starters of the
 * program, which everybody sees and nobody changes. */
#include "core/err.h"
#include "core/str.h"

struct db;

#define STRATEGY_NAME_MAX 80

struct strategy {
	uint64_t id, user_id;		/* user_id 0: a starter */
	const char *name, *description;
	struct str source;		/* empty in lists */
	struct str inputs;		/* JSON: script_inputs_json */
	uint64_t hash;
	int64_t created, changed;
};

/* -E_NOTFOUND also for what belongs to somebody else; user_id 0: anybody's. */
MUST_CHECK int strategy_get(struct arena *out, struct db *db, uint64_t user_id,
			    uint64_t id, struct strategy *ret, struct err *err);
/* The user's own of this name, else the starter. */
MUST_CHECK int strategy_find(struct arena *out, struct db *db, uint64_t user_id,
			     const char *name, struct strategy *ret, struct err *err);
/* Up to `limit` with an id above `after`, without their sources. */
MUST_CHECK int strategy_list(struct arena *out, struct db *db, uint64_t user_id,
			     uint64_t after, size_t limit, struct strategy **ret,
			     size_t *ret_n, struct err *err);
/* The script with the libraries it imports behind it, as they are now: what is
 * to run later, or again, is kept so.  `import user/name/version` is the
 * strategy "name/version", "user/name/version", "name" or "user/name" of the
 * user; one that is not there is left to the compiler to tell. */
MUST_CHECK int strategy_bundle(struct arena *out, struct db *db, uint64_t user_id,
			       struct str source, struct str *ret, struct err *err);
/* Only what compiles is kept: -E_UNPROCESSABLE with the first error and its
 * line; -E_CONFLICT when the user has one of that name. */
MUST_CHECK int strategy_add(struct db *db, uint64_t user_id, struct str name,
			    struct str source, int64_t now_ms, uint64_t *ret_id,
			    struct err *err);
MUST_CHECK int strategy_set(struct db *db, uint64_t user_id, uint64_t id,
			    struct str name, struct str source, int64_t now_ms,
			    struct err *err);
MUST_CHECK int strategy_del(struct db *db, uint64_t user_id, uint64_t id,
			    struct err *err);
/* Put the starters of this program into the database, where they differ. */
MUST_CHECK int script_starters_sync(struct db *db, int64_t now_ms, struct err *err);

#endif /* SCRIPT_STORE_H */
