#ifndef PROG_CTL_NAMED_H
#define PROG_CTL_NAMED_H
/* ctl_named.h - what subcommands name: users, inputs, funding files. */
#include "market/funding.h"
#include "prog/ctl.h"
#include "script/script.h"

MUST_CHECK int ctl_find_user(struct ctl *c, struct db *db, const char *name,
			     uint64_t *ret, struct err *err);
/* NAME=VALUE texts as the JSON object of inputs that is stored. */
MUST_CHECK int ctl_inputs_json(struct arena *out, const struct script_prog *prog,
			       const char *const *v, size_t n, const char **ret,
			       struct err *err);
/* A CSV with timestamp_ms, rate (or open), and mark where it is known; times
 * are cut to the minute. */
MUST_CHECK int ctl_funding_file(struct arena *out, const char *path,
				struct funding *ret, struct err *err);

#endif /* PROG_CTL_NAMED_H */
