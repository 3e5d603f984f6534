/* Heikin-ashi bars, and patterns of one to three candles.
 *
 * Patterns compare the bars with each other and with nothing else, so they
 * need no warm-up beyond their own bars.  A body is "long" when it is half of
 * the bar's range or more.  Where a move must come first (parameter `trend`,
 * 0: none asked), the close before the pattern is compared with the close
 * `trend` bars before that one.  The words are in doc/indicators.md. */
#include "config.h"

#include "ind/ind_i.h"

struct ha { double o, c; };
static size_t size_ha(const double *p) { (void)p; return sizeof(struct ha); }
static void init_ha(void *v, const double *p)
{
	(void)p;
	*(struct ha *)v = (struct ha){ NAN, NAN };
}
static inline double max3(double a, double b, double c)
{
	a = b > a ? b : a;
	return c > a ? c : a;
}
/* A bar with na in it gives na and is passed over. */
static void run_ha(RUN_ARGS)
{
	struct ha s = *(struct ha *)state;

	for (size_t i = 0; i < n; i++) {
		double o = in[0][i], h = in[1][i], l = in[2][i], c = in[3][i], a, b;
		bool na = isnan(o) || isnan(h) || isnan(l) || isnan(c);

		b = (o + h + l + c) / 4;
		a = isnan(s.o) ? (o + c) / 2 : (s.o + s.c) / 2;
		ret[0][i] = na ? NAN : a;
		ret[1][i] = na ? NAN : max3(h, a, b);
		ret[2][i] = na ? NAN : -max3(-l, -a, -b);
		ret[3][i] = na ? NAN : b;
		if (!na)
			s = (struct ha){ a, b };
	}
	*(struct ha *)state = s;
}
const struct ind_def ind_heikinashi = {
	"heikinashi", "Heikin-ashi bars", 4, 0, 4,
	{ "open", "high", "low", "close" }, { { 0 } },
	{ "open", "high", "low", "close" }, IND_RECURSIVE, 0,
	size_ha, init_ha, run_ha,
};

/* --- Patterns ------------------------------------------------------------- */

struct candle { double o, h, l, c; };
static double body(const struct candle *b) { return fabs(b->c - b->o); }
static double top(const struct candle *b) { return b->c > b->o ? b->c : b->o; }
static double bottom(const struct candle *b) { return b->c < b->o ? b->c : b->o; }
static double range(const struct candle *b) { return b->h - b->l; }
static double above(const struct candle *b) { return b->h - top(b); }
static double below(const struct candle *b) { return bottom(b) - b->l; }
static bool white(const struct candle *b) { return b->c > b->o; }
static bool black(const struct candle *b) { return b->c < b->o; }
static bool is_long(const struct candle *b)
{
	return range(b) > 0 && body(b) >= 0.5 * range(b);
}

/* b[0] is this bar, b[1] the one before.  p is `trend`, or `body` of a doji. */
static double doji(const struct candle *b, double p)
{
	return range(b) > 0 && body(b) <= p / 100 * range(b);
}
static double dragonfly_doji(const struct candle *b, double p)
{
	return doji(b, p) != 0 && above(b) <= p / 100 * range(b);
}
static double gravestone_doji(const struct candle *b, double p)
{
	return doji(b, p) != 0 && below(b) <= p / 100 * range(b);
}
static bool covers(const struct candle *b)
{
	return top(b) >= top(b + 1) && bottom(b) <= bottom(b + 1) &&
	       body(b) > body(b + 1);
}
static double bullish_engulfing(const struct candle *b, double p)
{
	(void)p;
	return black(b + 1) && white(b) && covers(b);
}
static double bearish_engulfing(const struct candle *b, double p)
{
	(void)p;
	return white(b + 1) && black(b) && covers(b);
}
static double engulfing(const struct candle *b, double p)
{
	return bullish_engulfing(b, p) - bearish_engulfing(b, p);
}
static double hammer(const struct candle *b, double p)
{
	(void)p;
	return body(b) > 0 && below(b) >= 2 * body(b) && above(b) <= 0.1 * range(b);
}
static double inverted_hammer(const struct candle *b, double p)
{
	(void)p;
	return body(b) > 0 && above(b) >= 2 * body(b) && below(b) <= 0.1 * range(b);
}
/* The star: a small body, at or beyond the close of the first bar. */
static bool star(const struct candle *b)
{
	return is_long(b + 2) && body(b + 1) <= 0.3 * body(b + 2) &&
	       body(b) > body(b + 1);
}
static double morning_star(const struct candle *b, double p)
{
	(void)p;
	return star(b) && black(b + 2) && bottom(b + 1) <= b[2].c && white(b) &&
	       b->c > (b[2].o + b[2].c) / 2;
}
static double evening_star(const struct candle *b, double p)
{
	(void)p;
	return star(b) && white(b + 2) && top(b + 1) >= b[2].c && black(b) &&
	       b->c < (b[2].o + b[2].c) / 2;
}
/* Each opens within the body before it and closes beyond it, near its end. */
static bool soldier(const struct candle *b)
{
	return white(b) && is_long(b) && above(b) <= 0.3 * range(b);
}
static bool crow(const struct candle *b)
{
	return black(b) && is_long(b) && below(b) <= 0.3 * range(b);
}
static bool steps(const struct candle *b)
{
	return b->o >= bottom(b + 1) && b->o <= top(b + 1);
}
static double three_soldiers(const struct candle *b, double p)
{
	(void)p;
	return soldier(b) && soldier(b + 1) && soldier(b + 2) && steps(b) &&
	       steps(b + 1) && b->c > b[1].c && b[1].c > b[2].c;
}
static double three_crows(const struct candle *b, double p)
{
	(void)p;
	return crow(b) && crow(b + 1) && crow(b + 2) && steps(b) &&
	       steps(b + 1) && b->c < b[1].c && b[1].c < b[2].c;
}

/* near, far: the closes before the pattern and before the move. */
struct pattern { struct candle b[3]; struct lag near, far; double p; bool ask; };
static size_t pattern_size(size_t bars, size_t trend)
{
	return sizeof(struct pattern) + (2 * bars + trend) * sizeof(double);
}
static void pattern_init(struct pattern *s, size_t bars, size_t trend, double p)
{
	double *room = lag_init(&s->near, (double)bars, (double *)(s + 1));

	lag_init(&s->far, (double)(bars + trend), room);
	for (size_t i = 0; i < 3; i++)
		s->b[i] = (struct candle){ NAN, NAN, NAN, NAN };
	s->p = p;
	s->ask = trend > 0;
}
/* way: 1 the move before must rise, -1 fall, 0 need not be */
static inline double pattern_step(struct pattern *s, const double *const *in, size_t i,
				  size_t bars, double way,
				  double (*test)(const struct candle *, double))
{
	double near, far, sum = 0;

	s->b[2] = s->b[1];
	s->b[1] = s->b[0];
	s->b[0] = (struct candle){ in[0][i], in[1][i], in[2][i], in[3][i] };
	near = lag_step(&s->near, s->b[0].c);
	far = lag_step(&s->far, s->b[0].c);
	for (size_t k = 0; k < bars; k++)
		sum += s->b[k].o + s->b[k].h + s->b[k].l + s->b[k].c;
	if (isnan(sum) || (s->ask && (isnan(near) || isnan(far))))
		return NAN;
	if (s->ask && !(way > 0 ? near > far : near < far))
		return 0;
	return test(s->b, s->p);
}
#define PATTERN(id, title, bars, way, trend, ...)			\
static size_t size_##id(const double *p)					\
{									\
	return pattern_size(bars, trend);				\
}									\
static void init_##id(void *v, const double *p)				\
{									\
	pattern_init(v, bars, trend, p[0]);				\
}									\
static void run_##id(RUN_ARGS)						\
{									\
	for (size_t i = 0; i < n; i++)					\
		ret[0][i] = pattern_step(state, in, i, bars, way, id);	\
}									\
const struct ind_def ind_##id = {					\
	#id, title, 4, 1, 1, { "open", "high", "low", "close" },		\
	{ __VA_ARGS__ }, { #id }, IND_RECURSIVE, 0,			\
	size_##id, init_##id, run_##id,					\
};
/* Either way: no move is asked for. */
static size_t size_engulfing(const double *p) { (void)p; return pattern_size(2, 0); }
static void init_engulfing(void *v, const double *p)
{
	(void)p;
	pattern_init(v, 2, 0, 0);
}
static void run_engulfing(RUN_ARGS)
{
	for (size_t i = 0; i < n; i++)
		ret[0][i] = pattern_step(state, in, i, 2, 0, engulfing);
}
const struct ind_def ind_engulfing = {
	"engulfing", "Engulfing body: 1 bullish, -1 bearish", 4, 0, 1,
	{ "open", "high", "low", "close" }, { { 0 } }, { "engulfing" },
	IND_RECURSIVE, 0, size_engulfing, init_engulfing, run_engulfing,
};
#define TREND(n, title, bars, way, def)					\
	PATTERN(n, title, bars, way, (size_t)p[0], { "trend", IND_INT, def, 0, 1000 })
#define DOJI(n, title)							\
	PATTERN(n, title, 1, 0, 0 * (size_t)p[0], { "body", IND_FLOAT, 10, 0, 100 })

DOJI(doji, "Doji: body at most this percent of the range")
DOJI(dragonfly_doji, "Doji without an upper shadow")
DOJI(gravestone_doji, "Doji without a lower shadow")
TREND(bullish_engulfing, "A white body covers the black one before it", 2, -1, 0)
TREND(bearish_engulfing, "A black body covers the white one before it", 2, 1, 0)
TREND(hammer, "Hammer: long lower shadow after a fall", 1, -1, 3)
static double hanging_man(const struct candle *b, double p) { return hammer(b, p); }
TREND(hanging_man, "Hanging man: long lower shadow after a rise", 1, 1, 3)
TREND(inverted_hammer, "Inverted hammer: long upper shadow after a fall", 1, -1, 3)
static double shooting_star(const struct candle *b, double p)
{
	return inverted_hammer(b, p);
}
TREND(shooting_star, "Shooting star: long upper shadow after a rise", 1, 1, 3)
TREND(morning_star, "Morning star", 3, -1, 0)
TREND(evening_star, "Evening star", 3, 1, 0)
TREND(three_soldiers, "Three advancing white soldiers", 3, -1, 0)
TREND(three_crows, "Three black crows", 3, 1, 0)
