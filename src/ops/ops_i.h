#ifndef OPS_OPS_I_H
#define OPS_OPS_I_H
/* ops_i.h - what the files of this module share. */
#include "ops/ops.h"

/* The processes of the host by role: states, memory, CPU time. */
struct census {
	unsigned states[ROLE__MAX][SLOT__MAX];
	uint64_t rss[ROLE__MAX], cpu_us[ROLE__MAX];
};
void ops_census(const struct board *board, struct census *ret);

#endif /* OPS_OPS_I_H */
