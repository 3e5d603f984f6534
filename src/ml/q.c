#include "config.h"

#include <math.h>

#include "ml/q_i.h"

double q_best(const struct q_table *t, uint32_t state, uint32_t *ret_action)
{
	const double *v = t->value + (size_t)state * t->actions;
	uint32_t best = 0;

	for (uint32_t a = 1; a < t->actions; a++)
		if (v[a] > v[best])
			best = a;
	if (ret_action != NULL)
		*ret_action = best;
	return v[best];
}

double q_learn(struct q_table *t, uint32_t state, uint32_t action, double reward,
	       uint32_t next, double rate, double cool, double gamma)
{
	size_t at = (size_t)state * t->actions + action;
	double aim = reward, wrong;

	if (next != Q_END)
		aim += gamma * q_best(t, next, NULL);
	wrong = aim - t->value[at];
	if (t->visits != NULL) {
		rate = cool > 0 ? rate / (1 + t->visits[at] / cool) : rate;
		t->visits[at]++;
	}
	t->value[at] += rate * wrong;
	return wrong;
}

uint32_t q_choose(const struct q_table *t, uint32_t state, double epsilon,
		  struct rng *r)
{
	uint32_t a;

	if (rng_unit(r) < epsilon)
		return (uint32_t)rng_below(r, t->actions);
	q_best(t, state, &a);
	return a;
}

enum q_position q_after(enum q_position was, enum q_action a, bool shorts)
{
	switch (a) {
	case Q_BUY: return Q_LONG;
	case Q_SELL: return shorts ? Q_SHORT : Q_FLAT;
	case Q_HOLD: return was;
	case Q_WAIT: return Q_FLAT;
	case Q_ACTIONS: break;
	}
	assert(false);
	return Q_FLAT;
}

static double sign_of(enum q_position p)
{
	return p == Q_LONG ? 1 : p == Q_SHORT ? -1 : 0;
}

double q_reward(enum q_reward kind, enum q_position was, enum q_position is,
		double market_return, double fee, double risk)
{
	double net = sign_of(is) * market_return -
		     fee * fabs(sign_of(is) - sign_of(was));

	switch (kind) {
	case Q_NET: return net;
	case Q_LOG: return log1p(fmax(net, -0.99));
	case Q_RISK: return net - risk * net * net;
	}
	assert(false);
	return 0;
}

void q_gains(const double q[Q_POSITIONS][Q_ACTIONS], bool shorts, double *ret_buy,
	     double *ret_sell)
{
	double stay = fmax(q[Q_FLAT][Q_HOLD], q[Q_FLAT][Q_WAIT]);

	if (shorts) {
		*ret_buy = q[Q_FLAT][Q_BUY] - stay;
		*ret_sell = q[Q_FLAT][Q_SELL] - stay;
		return;
	}
	*ret_buy = q[Q_FLAT][Q_BUY] - fmax(stay, q[Q_FLAT][Q_SELL]);
	/* Only who has something can sell it. */
	*ret_sell = fmax(q[Q_LONG][Q_SELL], q[Q_LONG][Q_WAIT]) -
		    fmax(q[Q_LONG][Q_HOLD], q[Q_LONG][Q_BUY]);
}
