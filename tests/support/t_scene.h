#ifndef TESTS_T_SCENE_H
#define TESTS_T_SCENE_H
/* t_scene.h - scenes for the broker emulator: bars, what is commanded at their
 * closes, what must have traded.
 *
 *	begin(&s, &rules); bar(&s, o, h, l, c); say(&s, STRAT_ENTRY, 1, "L");
 *	bar(...); same(trade(&s, 0)->t.exit_price, 104); end(&s);
 *
 * What was said belongs to the close of the bar before. */
#include <math.h>
#include <string.h>

#include "bt/emu.h"

struct scene {
	struct arena *a;
	struct emu *e;
	struct strat_cmd q[8];
	size_t n_q;
	bool begun;
	int64_t t;		/* of the last bar */
};

/* mintick 0.5, so that levels between ticks can be told apart */
static const struct emu_rules base = {
	.version = 5, .mintick = 0.5, .pointvalue = 1,
	.initial_capital = 10000, .qty_type = STRAT_QTY_FIXED, .qty_value = 1,
};

static inline void begin(struct scene *s, const struct emu_rules *r)
{
	*s = (struct scene){ .a = arena_new("t", 1 << 26) };
	s->e = emu_new(s->a, r);
}

static inline void end(struct scene *s) { arena_free(&s->a); }

static inline struct strat_cmd *say(struct scene *s, enum strat_kind k, int dir,
				    const char *id)
{
	struct strat_cmd *c = &s->q[s->n_q++];

	*c = (struct strat_cmd){
		.kind = k, .dir = dir, .id = id, .qty = NAN, .qty_percent = NAN,
		.limit = NAN, .stop = NAN, .profit = NAN, .loss = NAN,
		.trail_price = NAN, .trail_points = NAN, .trail_offset = NAN,
	};
	return c;
}

/* What was said so far, at the close of the last bar. */
static inline void speak(struct scene *s)
{
	struct strat_cmds cmds = { s->q, s->n_q };

	if (s->begun)
		emu_commands(s->e, &cmds);
	s->n_q = 0;
	s->begun = true;
}

static inline void bar_fine(struct scene *s, const struct bar *b,
			    const struct bars *fine)
{
	speak(s);
	s->t = b->t;
	emu_bar_fine(s->e, b, fine);
}

static inline void bar_at(struct scene *s, int64_t t, double o, double h,
			  double l, double c)
{
	bar_fine(s, &(struct bar){ t, o, h, l, c, 1 }, NULL);
}

/* A minute after the last one. */
static inline void bar(struct scene *s, double o, double h, double l, double c)
{
	bar_at(s, s->t + 60000, o, h, l, c);
}

static inline size_t trades(struct scene *s)
{
	const struct emu_trade *t;

	return emu_trades(s->e, &t);
}

static inline const struct emu_trade *trade(struct scene *s, size_t i)
{
	const struct emu_trade *t;

	assert_true(i < emu_trades(s->e, &t));
	return &t[i];
}

static inline double size(struct scene *s) { return emu_position(s->e); }

static inline void same(double a, double b)
{
	if (fabs(a - b) > 1e-9)
		fail_msg("%.12g is not %.12g", a, b);
}

#endif
