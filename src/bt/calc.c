#include "config.h"

#include "bt/calc.h"
#include "script/again.h"

static bool run_again(void *ctx, bool late, struct strat_cmds *ret)
{
	struct calc *c = ctx;
	const struct strat_account *a = emu_account(c->e);

	c->rc = late ? script_late(c->vm, a, ret, &c->err) :
		script_early(c->vm, a, ret, &c->err);
	if (c->t < c->from)
		ret->n = 0;
	return c->rc == 0;
}

bool calc_again(const struct script_prog *prog, const struct emu_rules *r)
{
	return script_properties(prog)->calc_on_order_fills && !r->strict;
}

void calc_init(struct calc *c, struct script_vm *vm, struct emu *e,
	       const struct script_prog *prog, const struct emu_rules *r,
	       int64_t trade_from)
{
	*c = (struct calc){ .vm = vm, .e = e, .from = trade_from };
	c->again = calc_again(prog, r);
	if (!c->again)
		return;
	c->keep = r->on_close || script_closes_now(prog);
	emu_on_fill(e, &(struct emu_again){ run_again, c });
}

int calc_done(const struct calc *c, struct err *err)
{
	if (c->rc < 0 && err != NULL)
		*err = c->err;
	return c->rc;
}

int calc_meet(struct calc *c, const struct bar *b, const struct bars *fine,
	      struct err *err)
{
	c->t = b->t;
	emu_bar_fine(c->e, b, fine);
	return calc_done(c, err);
}

int calc_decide(struct calc *c, struct strat_cmds *ret, struct err *err)
{
	int rc = 0;

	if (c->keep)
		rc = script_keep(c->vm, err);
	if (rc == 0)
		rc = script_step(c->vm, emu_account(c->e), ret, err);
	if (rc == 0 && c->t < c->from)
		ret->n = 0;
	return rc;
}
