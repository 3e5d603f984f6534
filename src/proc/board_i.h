#ifndef PROC_BOARD_I_H
#define PROC_BOARD_I_H
/* board_i.h - the mapping itself.
 *
 * Fixed layout, no pointers: processes of different programs map it at
 * different addresses.  `layout` is a hash of the tables and the size. */
#include <stdatomic.h>

#include "core/hash.h"
#include "proc/board.h"

#define BOARD_MAGIC	0x6f726362u	/* "orcb" */
#define RATE_WAYS	8		/* one cache line */
#define RATE_SETS	2048u		/* a power of two */

typedef _Atomic uint64_t acount;

struct hist {
	acount bucket[BOARD_BUCKETS];
	acount sum_ns;
};

struct board_slot {
	/* The supervisor's pid (22 bits) and start ticks, which together name
	 * a process; 0: free.  One word, so that taking a slot is one step. */
	_Alignas(64) _Atomic uint64_t owner;
	_Atomic int pid;
	_Atomic int state, role;
	_Atomic int64_t started_ms, busy_since_ns, beat_ns;
	acount served;
	_Atomic unsigned route;
	_Atomic uint64_t reqid[BOARD_REQID / 8];
	_Atomic int64_t gauge[BS__MAX];
};

struct route_fig {
	acount code[HTTP_METHOD__MAX][BOARD_CODES];
	struct hist hist;
};

struct board {
	unsigned magic;
	uint32_t layout;
	struct hash_key secret;		/* of the rate-limit keys */
	char boot_id[40];
	int64_t start_ms, start_ns;
	_Atomic int ready;		/* the maker has finished */
	acount counter[BC__MAX];
	_Atomic int64_t gauge[BG__MAX];
	struct hist hist[BH__MAX];
	acount gen[GEN__MAX];
	acount restarts[ROLE__MAX], cpu_us[ROLE__MAX];
	struct board_slot slot[BOARD_SLOTS];
	_Atomic unsigned n_routes;
	char route_name[BOARD_ROUTES][BOARD_TEMPLATE];
	struct route_fig route[BOARD_ROUTES];
	_Alignas(64) acount rate[RATE_SETS][RATE_WAYS];
};

uint32_t board_layout(void);

#endif /* PROC_BOARD_I_H */
