/* stmt_backtest.h - part of the statement table, see stmts.h: backtests. */
X(Q_BT_ADD, "usssUsssssSuuiii", "",
  "INSERT INTO backtest (user_id, name, notes, tags, strategy_id,"
  " strategy_name, source, inputs, rules_set, options, rules, market_id, tf,"
  " from_ms, to_ms, created_ms)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_BT_QUEUE, "uu", "", "UPDATE backtest SET job_id = ? WHERE id = ?")
X(Q_BT_WAITING, "u", "i",
  "SELECT COUNT(*) FROM backtest WHERE user_id = ? AND state IN ('q', 'r')"
  " LIMIT 1")
#define BT_COLUMNS							\
  "b.id, b.user_id, b.name, b.notes, b.tags, b.state, b.strategy_id,"	\
  " b.strategy_name, b.market_id, e.name, m.symbol, b.tf, b.from_ms,"	\
  " b.to_ms, b.inputs, b.rules_set, b.options, b.permille, b.eta_ms,"	\
  " b.error, b.created_ms, b.started_ms, b.finished_ms, b.metrics,"	\
  " b.properties, b.points, b.trades, b.plots"
#define BT_FROM								\
  " FROM backtest b JOIN market m ON m.id = b.market_id"		\
  " JOIN exchange e ON e.id = m.exchange_id "
#define BT_TYPES "uussssUsussuiisssuISiIISSuuS"
X(Q_BT_GET, "u", BT_TYPES "sS",
  "SELECT " BT_COLUMNS ", b.source, b.rules" BT_FROM "WHERE b.id = ? LIMIT 1")
X(Q_BT_LIST, "uuussuuuussu", BT_TYPES,
  "SELECT " BT_COLUMNS BT_FROM "WHERE b.user_id = ? AND (? = 0 OR b.id < ?)"
  " AND (? = '' OR b.state = ?) AND (? = 0 OR b.strategy_id = ?)"
  " AND (? = 0 OR b.market_id = ?)"
  " AND (? = '' OR JSON_CONTAINS(b.tags, ?)) ORDER BY b.id DESC LIMIT ?")
#undef BT_COLUMNS
#undef BT_FROM
#undef BT_TYPES
X(Q_BT_PATCH, "sssu", "",
  "UPDATE backtest SET name = ?, notes = ?, tags = ? WHERE id = ?")
X(Q_BT_DEL, "u", "", "DELETE FROM backtest WHERE id = ?")
/* cancelled before it began; told to stop while it runs */
X(Q_BT_CANCEL_QUEUED, "iu", "",
  "UPDATE backtest SET state = 'c', cancel = 1, finished_ms = ?"
  " WHERE id = ? AND state = 'q'")
X(Q_BT_CANCEL_RUNNING, "u", "",
  "UPDATE backtest SET cancel = 1 WHERE id = ? AND state = 'r'")

/* by the worker that has it */
X(Q_BT_BEGIN, "uiu", "",
  "UPDATE backtest SET state = 'r', lease = ?, permille = 0, eta_ms = NULL,"
  " started_ms = ? WHERE id = ? AND state IN ('q', 'r') AND cancel = 0")
X(Q_BT_PROGRESS, "uIuu", "",
  "UPDATE backtest SET permille = ?, eta_ms = ?"
  " WHERE id = ? AND state = 'r' AND lease = ? AND cancel = 0")
X(Q_BT_END, "sSiuu", "",
  "UPDATE backtest SET state = ?, error = ?, finished_ms = ?, eta_ms = NULL"
  " WHERE id = ? AND state = 'r' AND lease = ?")
X(Q_BT_CANCELLED, "iu", "",
  "UPDATE backtest SET state = 'c', finished_ms = ?, eta_ms = NULL"
  " WHERE id = ? AND state IN ('q', 'r') AND cancel = 1")
X(Q_BT_DONE, "issssSuuuu", "",
  "UPDATE backtest SET state = 'd', error = NULL, permille = 1000,"
  " eta_ms = NULL, finished_ms = ?, metrics = ?, properties = ?,"
  " breakdown = ?, plots = ?, drawings = ?, points = ?, trades = ?"
  " WHERE id = ? AND state = 'r' AND lease = ? AND cancel = 0")
X(Q_BT_PART_ADD, "usuuiib", "",
  "INSERT INTO backtest_part (backtest_id, kind, number, n, t0, t1, data)"
  " VALUES (?, ?, ?, ?, ?, ?, ?)")
X(Q_BT_PARTS_DEL, "u", "", "DELETE FROM backtest_part WHERE backtest_id = ?")
/* those of a kind that touch [t0, t1], from row `number` on */
X(Q_BT_PARTS, "usiiuu", "uuiib",
  "SELECT number, n, t0, t1, data FROM backtest_part WHERE backtest_id = ?"
  " AND kind = ? AND t1 >= ? AND t0 <= ? AND number + n > ?"
  " ORDER BY number LIMIT ?")
X(Q_BT_DRAWINGS, "u", "S",
  "SELECT drawings FROM backtest WHERE id = ? LIMIT 1")
X(Q_BT_BREAKDOWN, "u", "S",
  "SELECT breakdown FROM backtest WHERE id = ? LIMIT 1")

/* a job that was lost each time leaves its row running */
X(Q_BT_LOST, "i", "",
  "UPDATE backtest b JOIN job j ON j.id = b.job_id"
  " SET b.state = 'f', b.error = CONCAT('it was given up: ', COALESCE(j.error,"
  " 'its job ended')), b.finished_ms = ?, b.eta_ms = NULL"
  " WHERE b.state IN ('q', 'r') AND j.state IN ('d', 'f')")
X(Q_BT_PRUNE, "i", "",
  "DELETE FROM backtest WHERE state IN ('d', 'f', 'c') AND finished_ms < ?"
  " AND notes = '' AND tags = '[]' LIMIT 200")
