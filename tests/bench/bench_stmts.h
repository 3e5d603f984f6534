/* bench_stmts.h - the statements of bench_fcgi, in place of the program's. */
#include "db/stmt_core.h"
X(Q_BENCH_ROW, "i", "ifffff",
  "SELECT ts, o, h, l, c, v FROM bench WHERE id = ? LIMIT 1")
X(Q_BENCH_ROWS, "i", "ifffff",
  "SELECT ts, o, h, l, c, v FROM bench WHERE id >= ? ORDER BY id LIMIT 100")
