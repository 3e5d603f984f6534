#ifndef SCRIPT_MANY_H
#define SCRIPT_MANY_H
/* many.h - the short ways through a block of bars, for hosts that run one
 * program thousands of times.
 *
 * A program chooses when all that it says on a bar hangs on which of a few
 * columns are true there (crossings, comparisons), and all that it ever says
 * are market entries and whole closes: it remembers nothing and asks nothing
 * of its account.  What it says is then one of a few lists that never change.
 *
 *	if (script_choose(vm)) for each block {
 *		script_block(vm, &block, err);
 *		n = script_choices(vm, c);
 *		for each c: script_say(vm, &c, &cmds, err);
 *		script_pass(vm);
 *	} */
#include "script/script.h"

/* From now on this machine is asked as above, and not script_step()ped; false:
 * it does not only choose.  Before its first block. */
MUST_CHECK bool script_choose(struct script_vm *vm);
/* A bar of the announced block on which something may be said, and which of
 * the lists it is. */
struct script_choice { uint32_t at, list; };
#define SCRIPT_LISTS ((size_t)64)
size_t script_choices(struct script_vm *vm, struct script_choice *ret);
/* The list; it stays as it is for as long as the machine lives. */
MUST_CHECK int script_say(struct script_vm *vm, const struct script_choice *c,
			  struct strat_cmds *ret, struct err *err);
void script_pass(struct script_vm *vm);

/* Machines of one program with other inputs, given the same blocks one after
 * the other in the order in which they were added: the columns they have in
 * common are computed by the first that has them.  All of them must be given
 * each block, before any of them is given the next. */
struct script_group;
struct script_group *script_group_new(struct arena *out) NONNULL_RET;
/* Before its first block.  false: a program whose columns can fail. */
MUST_CHECK bool script_group_add(struct script_group *g, struct script_vm *vm);

#endif /* SCRIPT_MANY_H */
