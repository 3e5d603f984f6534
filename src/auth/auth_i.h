#ifndef AUTH_AUTH_I_H
#define AUTH_AUTH_I_H
/* auth_i.h - what the files of this module share. */
#include <sodium.h>

#include "auth/auth.h"
#include "db/db.h"

#define HASH_LEN	crypto_hash_sha256_BYTES
#define SUBJECT_LEN	16
#define AGENT_MAX	200
#define TOKENS_MAX	50

struct auth {
	unsigned magic;
#define AUTH_MAGIC 0xa0742b1du
	struct arena *arena;
	struct db *db;
	const struct clock *clock;
	const char *run_dir;		/* of the hash slots */
	int64_t idle_ms, absolute_ms;
	unsigned long long ops;		/* argon2id: passes */
	size_t mem;			/* and memory; tests take less */
	int64_t gate_wait_ms;
	unsigned fails;			/* counted, to clean up now and then */
};

/* gate.c: at most two hashes at once on this host. */
struct gate { int fd; };
MUST_CHECK int gate_enter(struct auth *a, struct gate *g, struct err *err);
void gate_leave(struct gate *g);

/* password.c */
#define PWHASH_MAX crypto_pwhash_STRBYTES
/* Within a gate. */
MUST_CHECK int pw_hash(struct auth *a, struct str password,
		       char out[static PWHASH_MAX], struct err *err);
/* hash NULL: there is no such user; takes as long and says no. */
bool pw_verify(const char *hash, struct str password);
bool pw_needs_rehash(const struct auth *a, const char *hash);
/* Checked against the rules, in a gate of its own. */
MUST_CHECK int pw_make(struct auth *a, struct str password, struct str name,
		       char out[static PWHASH_MAX], struct err *err);
extern const char pw_decoy[];
/* How hard to guess, in characters nobody could foresee. */
unsigned pw_surprise(struct str password, struct str name);

size_t utf8_chars(struct str s);	/* of valid UTF-8 */

/* common.c */
extern const char *const auth_common[];
extern const size_t auth_common_n;

/* throttle.c: the account and the address of an attempt. */
struct subjects {
	unsigned char account[SUBJECT_LEN], address[SUBJECT_LEN];
};
void throttle_subjects(struct subjects *s, struct str name, const char *address);
/* -E_LIMIT with *ret_wait_ms, or 0. */
MUST_CHECK int throttle_check(struct auth *a, const struct subjects *s,
			      int64_t *ret_wait_ms, struct err *err);
MUST_CHECK int throttle_fail(struct auth *a, const struct subjects *s,
			     struct err *err);
MUST_CHECK int throttle_clear(struct auth *a, const struct subjects *s,
			      struct err *err);

/* auth.c */
void secret_new(char out[static AUTH_SECRET_LEN + 1]);
bool secret_well_formed(struct str s);
void secret_hash(unsigned char out[static HASH_LEN], struct str secret);
void csrf_of(char out[static AUTH_SECRET_LEN + 1], struct str cookie);
/* Something that callers are kept by has changed. */
void sessions_changed(void);

static inline struct dbval V_HASH(const unsigned char *h, size_t n)
{
	return V_BLOB((const char *)h, n);
}

#endif /* AUTH_AUTH_I_H */
