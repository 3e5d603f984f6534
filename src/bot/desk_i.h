#ifndef BOT_DESK_I_H
#define BOT_DESK_I_H
/* desk_i.h - inside the desk. */
#include "bot/desk.h"
#include "core/array.h"

struct desk {
	struct desk_conf c;
	struct qty step;		/* of quantities: the lot */
	struct emu *e;
	struct calc calc;
	/* of the decision that is being made: */
	struct arena *a;
	const struct desk_in *in;
	ARRAY(struct intent) let;	/* what the gate let through, by key */
	ARRAY(struct intent) cut;	/* what it did not */
	/* of one that is made again: */
	const struct detour *past;
	size_t n_past;
};

/* A bar, or the decision on it, begins. */
void desk_begin(struct arena *out, struct desk *d, const struct desk_in *in);
/* The gate of the emulator: how much of an order there may be. */
double desk_gate(void *desk, const struct emu_ask *ask);
void desk_text(char *to, size_t size, const char *from);
/* A new market order; text: id, from, comment. */
void desk_intent(const struct desk *d, const struct desk_in *in,
		 struct emu_key key, enum emu_what what,
		 const char *const text[3], struct intent *ret);
bool desk_same_key(const struct intent *it, struct emu_key key);
/* Is it open, or on its way? */
bool desk_stands(const struct intent *it);

#endif /* BOT_DESK_I_H */
