#ifndef ML_Q_I_H
#define ML_Q_I_H
/* q_i.h - learning what an action is worth (Watkins' Q-learning), and the world
 * it is learned in here: one market, of which a position is held or not.
 *
 * The market does not care what we do, so its part of the state (243 kinds of
 * bars, or the features themselves) comes from the samples; the position is
 * the other part, without which neither a fee nor "hold" means anything.
 * From one sample the next is the first that begins when the label of this one
 * is known, so that no return is counted twice.
 *
 * An action names the position until then: buy is long, sell is short (flat
 * where shorts are not allowed), hold is what it was, wait is flat.  The reward
 * is what the position earned, less the fee for every change of it; a loss is
 * a loss whichever way it is closed. */
#include "core/rand.h"
#include "ml/model.h"

/* ---- any world ---------------------------------------------------------- */

struct q_table {
	uint32_t states, actions;
	double *value;			/* states x actions */
	double *visits;		/* the same; may be NULL: a constant rate */
};
#define Q_END UINT32_MAX		/* there is no next state */

/* The best action (the first of equals) and what it is worth. */
double q_best(const struct q_table *t, uint32_t state, uint32_t *ret_action);
/* One step: the value of (state, action) moves towards the reward and, by
 * gamma, what the next state is worth.  The rate is divided by
 * 1 + visits / cool (cool 0: it is not).  Returns by how much it was wrong. */
double q_learn(struct q_table *t, uint32_t state, uint32_t action, double reward,
	       uint32_t next, double rate, double cool, double gamma);
/* The best, or with the chance epsilon any. */
uint32_t q_choose(const struct q_table *t, uint32_t state, double epsilon,
		  struct rng *r);

/* ---- the market --------------------------------------------------------- */

enum q_action { Q_BUY, Q_SELL, Q_HOLD, Q_WAIT, Q_ACTIONS };
enum q_position { Q_FLAT, Q_LONG, Q_SHORT, Q_POSITIONS };
enum q_reward { Q_NET, Q_LOG, Q_RISK };
#define Q_STATES 243		/* of the market */

enum q_position q_after(enum q_position was, enum q_action a, bool shorts);
double q_reward(enum q_reward kind, enum q_position was, enum q_position is,
		double market_return, double fee, double risk);
/* How much better than staying it is to buy, and to sell.  q: by position
 * and action. */
void q_gains(const double q[Q_POSITIONS][Q_ACTIONS], bool shorts, double *ret_buy,
	     double *ret_sell);

#endif /* ML_Q_I_H */
