#ifndef BT_EMU_STRICT_I_H
#define BT_EMU_STRICT_I_H
/* emu_strict_i.h - the strict rules, inside the emulator: the clock on the way
 * through a bar, and what of its volume is left.  Part of emu_i.h. */

bool emu_high_first(const struct emu *e, const struct bar *b);
void emu_room_open(struct emu *e);	/* a bar begins */
double emu_room_take(struct emu *e, double want);
/* A bar, or one of the finer ones in it, begins, and is `ms` long. */
void emu_way_begin(struct emu *e, const struct bar *b, int64_t ms);
/* Is an order that was sent to be there at this time there by now? */
bool emu_there(const struct emu *e, int64_t live);
/* A market order that comes in while the bar runs; false: later. */
bool emu_late_price(const struct emu *e, const struct emu_order *o, double *price);
/* The next price order to come in before a part of the way is gone: that part
 * is from..to of its whole length (as shares).  False: none; the part is over. */
bool emu_arrival(struct emu *e, double from, double to, int64_t *ret,
		 double *ret_share);
/* What an order gets whose level is passed already when it comes in at p. */
double emu_arrival_price(const struct emu *e, int dir, double p);
void emu_strict_trail(struct emu *e);	/* at the end of the bar */

#endif /* BT_EMU_STRICT_I_H */
