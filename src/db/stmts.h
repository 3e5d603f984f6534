/* stmts.h - every statement of the program: X(id, parameters, columns, SQL).
 * No include guard: it is included once for each use of the table. */
#include "db/stmt_core.h"
#include "db/stmt_auth.h"
#include "db/stmt_market.h"
#include "db/stmt_script.h"
#include "db/stmt_paper.h"
#include "db/stmt_trade.h"
#include "db/stmt_ops.h"
#include "db/stmt_backtest.h"
#include "db/stmt_sweep.h"
#include "db/stmt_model.h"
