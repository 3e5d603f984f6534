#include "config.h"

#include "ops/ops.h"

static void done(void *ctx, enum stmt q, int64_t ns, int rc)
{
	(void)ctx;
	(void)q;
	board_inc(BC_DB_QUERIES);
	board_observe(BH_DB, ns);
	if (rc == 0)
		return;
	board_inc(rc == -E_DB ? BC_DB_ERR_AWAY :
		  rc == -E_CONFLICT ? BC_DB_ERR_CONFLICT :
		  rc == -E_UNCERTAIN ? BC_DB_ERR_UNCERTAIN :
		  rc == -E_TIMEOUT ? BC_DB_ERR_TIMEOUT : BC_DB_ERR_OTHER);
}

const struct db_hooks ops_db_hooks = { done, NULL };
