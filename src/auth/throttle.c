#include "config.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "auth/auth_i.h"

#define FREE_FAILS	5		/* then 1 s, 2 s, 4 s ... 15 min */
#define WINDOW_ACCOUNT	(24 * 3600 * INT64_C(1000))
#define WINDOW_ADDRESS	(3600 * INT64_C(1000))
#define CLEAN_EVERY	64

/* What was tried is kept as a hash: names that do not exist are passwords
 * typed into the wrong field often enough. */
static void subject(unsigned char out[static SUBJECT_LEN], char kind,
		    const void *p, size_t n)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, SUBJECT_LEN);
	crypto_generichash_update(&st, (const unsigned char *)&kind, 1);
	crypto_generichash_update(&st, p, n);
	crypto_generichash_final(&st, out, SUBJECT_LEN);
}

/* Who has one IPv6 address has all of its /64. */
static void address_subject(unsigned char out[static SUBJECT_LEN],
			    const char *address)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, address, &four) == 1)
		subject(out, '4', &four, sizeof(four));
	else if (inet_pton(AF_INET6, address, &six) != 1)
		subject(out, 'x', address, strlen(address));
	else if (memcmp(&six, mapped, sizeof(mapped)) == 0)
		subject(out, '4', six.s6_addr + 12, 4);
	else
		subject(out, '6', &six, 8);
}

void throttle_subjects(struct subjects *s, struct str name, const char *address)
{
	subject(s->account, 'a', name.p, name.n);
	if (address != NULL)
		address_subject(s->address, address);
	else
		memcpy(s->address, s->account, SUBJECT_LEN);
}

int throttle_check(struct auth *a, const struct subjects *s,
		   int64_t *ret_wait_ms, struct err *err)
{
	int64_t wait = 0;
	int rc = 0;

	SCOPE(tmp, a->arena) {
		struct rows r;

		rc = db_select(tmp, a->db, Q_THROTTLE_GET,
			       ARGS(V_HASH(s->account, SUBJECT_LEN),
				    V_HASH(s->address, SUBJECT_LEN)), &r, err);
		if (rc == 0 && r.n > 0 && !row_null(&r, 0, 0))
			wait = row_i64(&r, 0, 0) - clock_ms(a->clock);
	}
	if (rc < 0)
		return rc;
	if (wait <= 0)
		return 0;
	*ret_wait_ms = wait;
	return FAIL(err, E_LIMIT, "too many failed sign-ins: wait %" PRId64 " s",
		    (wait + 999) / 1000);
}

static int one_fail(struct auth *a, const unsigned char *subj, int64_t window,
		    struct err *err)
{
	int64_t now = clock_ms(a->clock);

	return db_exec(a->db, Q_THROTTLE_FAIL,
		       ARGS(V_HASH(subj, SUBJECT_LEN), V_I64(now),
			    V_I64(now - window), V_I64(now), V_I64(FREE_FAILS),
			    V_I64(now), V_I64(FREE_FAILS)), NULL, NULL, err);
}

int throttle_fail(struct auth *a, const struct subjects *s, struct err *err)
{
	int rc = one_fail(a, s->account, WINDOW_ACCOUNT, err);

	if (rc == 0 && memcmp(s->account, s->address, SUBJECT_LEN) != 0)
		rc = one_fail(a, s->address, WINDOW_ADDRESS, err);
	if (rc == 0 && ++a->fails % CLEAN_EVERY == 0)
		rc = db_exec(a->db, Q_THROTTLE_PURGE,
			     ARGS(V_I64(clock_ms(a->clock) - WINDOW_ACCOUNT)),
			     NULL, NULL, err);
	return rc;
}

/* A success says nothing about who else is at that address. */
int throttle_clear(struct auth *a, const struct subjects *s, struct err *err)
{
	return db_exec(a->db, Q_THROTTLE_CLEAR,
		       ARGS(V_HASH(s->account, SUBJECT_LEN)), NULL, NULL, err);
}
