#include "config.h"

#include "api/api_i.h"
#include "conf/conf.h"

/* Whose bucket, and how large. */
struct bucket {
	uint64_t key;
	unsigned per_minute, burst;
	enum board_counter refused;
};

static struct bucket bucket_of(const struct api_req *r)
{
	const struct conf *c = r->d->conf;
	unsigned flags = r->route != NULL ? r->route->flags : 0;
	struct bucket b = {
		.per_minute = (unsigned)c->rate_limit_per_minute,
		.burst = (unsigned)c->rate_limit_burst,
	};
	enum rate_scope scope = RATE_ADDRESS;
	bool user = r->who.id != 0;

	if (flags & RF_RATE_LOGIN) {
		scope = RATE_LOGIN;
		user = false;
		b.per_minute = (unsigned)c->login_per_minute;
		b.burst = b.per_minute;
	} else if (flags & RF_RATE_LOG) {
		scope = RATE_LOG;
		b.per_minute = (unsigned)c->client_log_per_minute;
		/* Nobody in particular may say little. */
		if (!user)
			b.per_minute = (b.per_minute + 4) / 5;
		b.burst = b.per_minute;
	} else if (user) {
		scope = RATE_USER;
	}
	b.refused = user ? BC_LIMITED_USER : BC_LIMITED_ADDRESS;
	b.key = user ? rate_key_user(r->d->board, scope, r->who.id) :
		       rate_key_address(r->d->board, scope, r->rq->remote);
	return b;
}

static int64_t seconds_up(int64_t ms)
{
	return (ms + 999) / 1000;
}

static int refuse(struct api_req *r, const struct bucket *b,
		  const struct rate_verdict *v, struct err *err)
{
	int64_t wait = seconds_up(v->retry_ms);

	board_inc(b->refused);
	answer_headerf(r->an, "Retry-After", "%lld",
		       (long long)(wait > 0 ? wait : 1));
	return FAIL(err, E_LIMIT, "rate limit of %u a minute",
		    b->per_minute);
}

int limit_take(struct api_req *r, struct err *err)
{
	struct rate_verdict v;
	struct bucket b;

	if (r->d->board == NULL ||
	    (r->route != NULL && r->route->flags & RF_QUIET))
		return 0;
	b = bucket_of(r);
	rate_take(r->d->board, b.key, b.per_minute, b.burst,
		  r->rq->start_ns, &v);
	answer_headerf(r->an, "RateLimit-Limit", "%u", v.limit);
	answer_headerf(r->an, "RateLimit-Remaining", "%u", v.remaining);
	answer_headerf(r->an, "RateLimit-Reset", "%lld",
		       (long long)seconds_up(v.reset_ms));
	if (!v.allowed)
		return refuse(r, &b, &v, err);
	return 0;
}
