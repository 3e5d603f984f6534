/* stmt_paper.h - part of the statement table, see stmts.h: the paper broker's
 * own books. */

X(Q_PAPER_ACCOUNT_ADD, "ussmmmmmmmiiumm", "",
  "INSERT INTO paper_account (account_id, base, quote, tick, lot, min_notional,"
  " quote_step, fee_maker, fee_taker, participation, slippage_ticks,"
  " latency_ms, allow_short, fee_unit, fee_order)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_PAPER_ACCOUNT, "u", "ssmmmmmmmiiuiimuuuumm",
  "SELECT base, quote, tick, lot, min_notional, quote_step, fee_maker,"
  " fee_taker, participation, slippage_ticks, latency_ms, allow_short, bar_ms,"
  " clock_ms, last_price, order_seq, fill_seq, fence, ver, fee_unit, fee_order"
  " FROM paper_account"
  " WHERE account_id = ? LIMIT 1")
X(Q_PAPER_ACCOUNT_SET, "iimuuuuu", "",
  "UPDATE paper_account SET bar_ms = ?, clock_ms = ?, last_price = ?,"
  " order_seq = ?, fill_seq = ?, ver = ver + 1"
  " WHERE account_id = ? AND ver = ? AND fence = ?")
X(Q_PAPER_FENCE, "uuu", "",
  "UPDATE paper_account SET fence = ?, ver = ver + 1"
  " WHERE account_id = ? AND fence <= ?")
X(Q_PAPER_ACCOUNT_DEL, "u", "", "DELETE FROM paper_account WHERE account_id = ?")
X(Q_PAPER_BALANCES, "u", "sm",
  "SELECT asset, total FROM paper_balance WHERE account_id = ? LIMIT 100")
X(Q_PAPER_BALANCE_SET, "usm", "",
  "INSERT INTO paper_balance (account_id, asset, total) VALUES (?, ?, ?)"
  " ON DUPLICATE KEY UPDATE total = VALUES(total)")
X(Q_PAPER_ORDER_ADD, "uubssummmmusbsiimms", "",
  "INSERT INTO paper_order (account_id, seq, coid, side, type, flags, qty,"
  " limit_price, stop_price, offset_price, oca, oca_kind, parent, state,"
  " placed_ms, updated_ms, filled, cost, reason)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_PAPER_ORDER_SET, "summimmsuu", "",
  "UPDATE paper_order SET state = ?, flags = ?, limit_price = ?,"
  " stop_price = ?, updated_ms = ?, filled = ?, cost = ?, reason = ?"
  " WHERE account_id = ? AND seq = ?")
X(Q_PAPER_ORDERS_OPEN, "u", "ubssummmmusbsimms",
  "SELECT seq, coid, side, type, flags, qty, limit_price, stop_price,"
  " offset_price, oca, oca_kind, parent, state, placed_ms, filled, cost,"
  " reason FROM paper_order"
  " WHERE account_id = ? AND state IN ('w', 'o', 'p') ORDER BY seq LIMIT 1000")
X(Q_PAPER_ORDER, "ub", "ubssummmmusbsimms",
  "SELECT seq, coid, side, type, flags, qty, limit_price, stop_price,"
  " offset_price, oca, oca_kind, parent, state, placed_ms, filled, cost,"
  " reason FROM paper_order"
  " WHERE account_id = ? AND coid = ? LIMIT 1")
X(Q_PAPER_FILL_ADD, "uubismmmmu", "",
  "INSERT INTO paper_fill (account_id, seq, coid, time_us, side, price, qty,"
  " cost, fee, maker) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_PAPER_FILLS, "uu", "ubismmmmu",
  "SELECT seq, coid, time_us, side, price, qty, cost, fee, maker"
  " FROM paper_fill WHERE account_id = ? AND seq > ? ORDER BY seq LIMIT 500")
