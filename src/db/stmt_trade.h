/* stmt_trade.h - part of the statement table, see stmts.h: bots, orders,
 * ledger. */

/* accounts and ledger */
X(Q_ACCOUNT_ADD, "usssi", "",
  "INSERT INTO account (user_id, kind, base, quote, created_ms)"
  " VALUES (?, ?, ?, ?, ?)")
X(Q_ACCOUNT_DEL, "u", "", "DELETE FROM account WHERE id = ?")
X(Q_BALANCE_ADD, "usm", "",
  "INSERT INTO balance (account_id, asset, available) VALUES (?, ?, ?)")
X(Q_BALANCE_MOVE, "mus", "",
  "UPDATE balance SET available = available + ?, ver = ver + 1"
  " WHERE account_id = ? AND asset = ?")
X(Q_BALANCES, "u", "sm",
  "SELECT asset, available FROM balance WHERE account_id = ?"
  " ORDER BY asset LIMIT 100")
X(Q_LEDGER_TX_ADD, "ussi", "",
  "INSERT INTO ledger_tx (account_id, kind, ref, time_us) VALUES (?, ?, ?, ?)")
X(Q_LEDGER_POST, "uuussm", "",
  "INSERT INTO ledger_posting (tx_id, line, account_id, asset, book, amount)"
  " VALUES (?, ?, ?, ?, ?, ?)")

/* journal */
X(Q_INTENT_ADD, "buuiuusssssssummmmusbisiSuIuu", "",
  "INSERT INTO order_intent (coid, bot_id, account_id, bar_ms, seq, attempt,"
  " kind, leg, tag, from_entry, comment, side, type, flags, qty, limit_price,"
  " stop_price, offset_price, oca, oca_kind, parent, deadline_us, state,"
  " created_ms, reason, lease_epoch, sent_us, key_seq, key_entry)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
  " ?, ?, ?, ?, ?, ?, ?)")
X(Q_INTENT_SENDING, "iuuu", "",
  "UPDATE order_intent SET state = 's', sent_us = ?, lease_epoch = ?,"
  " ver = ver + 1 WHERE id = ? AND ver = ? AND state = 'n'")
X(Q_INTENT_STATE, "sSSmmiuuus", "",
  "UPDATE order_intent SET state = ?, reason = ?,"
  " exch_order_id = COALESCE(?, exch_order_id), filled = ?, cost = ?,"
  " ack_us = ?, not_found_n = ?, ver = ver + 1"
  " WHERE id = ? AND ver = ? AND state = ?")
X(Q_INTENT_EVENT, "uisss", "",
  "INSERT INTO order_event (intent_id, time_us, from_state, to_state, cause)"
  " VALUES (?, ?, ?, ?, ?)")
X(Q_INTENTS_LIVE, "u", "ubiuusssssssummmmusbisimmuSuIuu",
  "SELECT id, coid, bar_ms, seq, attempt, kind, leg, tag, from_entry, comment,"
  " side, type, flags, qty, limit_price, stop_price, offset_price, oca,"
  " oca_kind, parent, deadline_us, state, created_ms, filled, cost,"
  " not_found_n, reason, ver, sent_us, key_seq, key_entry FROM order_intent"
  " WHERE bot_id = ? AND state IN ('n', 's', 'o', 'p', 'k', 'u')"
  " ORDER BY id LIMIT 1000")
X(Q_INTENT_BY_COID, "ub", "ubiuusssssssummmmusbisimmuSuIuu",
  "SELECT id, coid, bar_ms, seq, attempt, kind, leg, tag, from_entry, comment,"
  " side, type, flags, qty, limit_price, stop_price, offset_price, oca,"
  " oca_kind, parent, deadline_us, state, created_ms, filled, cost,"
  " not_found_n, reason, ver, sent_us, key_seq, key_entry FROM order_intent"
  " WHERE bot_id = ? AND coid = ? LIMIT 1")
X(Q_FILL_ADD, "usuuUiismmmmsu", "",
  "INSERT INTO fill (account_id, trade_id, seq, bot_id, intent_id, time_us,"
  " after_bar_ms, side, price, qty, cost, fee, fee_asset, maker)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_FILL_LAST, "u", "U",
  "SELECT MAX(seq) FROM fill WHERE account_id = ? LIMIT 1")
/* What did not become an order, of the last attempt. */
X(Q_DETOURS_ORDERS, "uu", "uiusmsuu",
  "SELECT i.id, i.bar_ms, i.seq, i.state, i.qty, i.leg, i.key_seq, i.key_entry"
  " FROM order_intent i LEFT JOIN order_intent n ON n.bot_id = i.bot_id"
  " AND n.bar_ms = i.bar_ms AND n.seq = i.seq AND n.attempt = i.attempt + 1"
  " WHERE i.bot_id = ? AND i.state IN ('r', 'a', 'l') AND n.id IS NULL"
  " AND i.id > ? ORDER BY i.id LIMIT 1000")
X(Q_DETOURS, "ui", "is",
  "SELECT bar_ms, kind FROM bot_detour WHERE bot_id = ? AND bar_ms > ?"
  " ORDER BY bar_ms, kind LIMIT 1000")
X(Q_DETOUR_ADD, "uis", "",
  "INSERT INTO bot_detour (bot_id, bar_ms, kind) VALUES (?, ?, ?)"
  " ON DUPLICATE KEY UPDATE kind = VALUES(kind)")
X(Q_FILLS_REBUILD, "uu", "uUiismmmmSSS",
  "SELECT f.id, f.intent_id, f.time_us, f.after_bar_ms, f.side, f.price, f.qty,"
  " f.cost, f.fee, i.tag, i.comment, i.from_entry FROM fill f"
  " LEFT JOIN order_intent i ON i.id = f.intent_id"
  " WHERE f.bot_id = ? AND f.id > ? ORDER BY f.id LIMIT 500")
X(Q_TRADE_PUT, "uuuuimmuiissmmUIISSMMmm", "",
  "INSERT INTO trade (bot_id, number, lot, open, direction, qty, orig_qty,"
  " entry_intent, entry_ms, entry_bar, entry_signal, entry_comment,"
  " entry_price, entry_cost, exit_intent, exit_ms, exit_bar, exit_signal,"
  " exit_comment, exit_price, exit_cost, fees, profit)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
  " ON DUPLICATE KEY UPDATE open = VALUES(open), qty = VALUES(qty),"
  " orig_qty = VALUES(orig_qty), entry_price = VALUES(entry_price),"
  " entry_cost = VALUES(entry_cost), exit_intent = VALUES(exit_intent),"
  " exit_ms = VALUES(exit_ms), exit_bar = VALUES(exit_bar),"
  " exit_signal = VALUES(exit_signal), exit_comment = VALUES(exit_comment),"
  " exit_price = VALUES(exit_price), exit_cost = VALUES(exit_cost),"
  " fees = VALUES(fees), profit = VALUES(profit)")

/* bots: their rows */
X(Q_BOT_ADD, "uussuuussssIIfmMMumssii", "",
  "INSERT INTO bot (user_id, account_id, name, mode, market_id, tf,"
  " strategy_id, strategy_name, source, inputs, feed_kind, feed_from_ms,"
  " feed_to_ms, feed_speed, initial_balance, max_position, max_notional,"
  " max_orders, price_band, state, want, created_ms, changed_ms)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_BOT_PROGRESS_ADD, "ummm", "",
  "INSERT INTO bot_progress (bot_id, cash, base, equity) VALUES (?, ?, ?, ?)")
X(Q_BOT_LEASE_ADD, "u", "",
  "INSERT INTO bot_lease (bot_id, holder, epoch, expires_ms)"
  " VALUES (?, '', 0, 0)")
#define BOT_FROM " FROM bot b JOIN bot_progress p ON p.bot_id = b.id"	\
  " JOIN market m ON m.id = b.market_id JOIN exchange e ON e.id = m.exchange_id"
X(Q_BOT_GET, "u", "uuussuuusssIIfmMMumssSiiuIIIuUMmmmImuss",
  "SELECT b.id, b.user_id, b.account_id, b.name, b.mode, b.market_id, b.tf,"
  " b.strategy_id, b.strategy_name, b.inputs, b.feed_kind, b.feed_from_ms,"
  " b.feed_to_ms, b.feed_speed, b.initial_balance, b.max_position,"
  " b.max_notional, b.max_orders, b.price_band, b.state, b.want, b.error,"
  " b.created_ms, b.changed_ms, b.ver, p.warm_ms, p.first_ms, p.decided_ms,"
  " p.bars, p.bars_total, p.last_price, p.cash, p.base, p.avg_price,"
  " p.since_ms, p.equity, p.trades, m.symbol, e.name" BOT_FROM
  " WHERE b.id = ? LIMIT 1")
X(Q_BOT_LIST, "uuu", "uuussuuusssIIfmMMumssSiiuIIIuUMmmmImuss",
  "SELECT b.id, b.user_id, b.account_id, b.name, b.mode, b.market_id, b.tf,"
  " b.strategy_id, b.strategy_name, b.inputs, b.feed_kind, b.feed_from_ms,"
  " b.feed_to_ms, b.feed_speed, b.initial_balance, b.max_position,"
  " b.max_notional, b.max_orders, b.price_band, b.state, b.want, b.error,"
  " b.created_ms, b.changed_ms, b.ver, p.warm_ms, p.first_ms, p.decided_ms,"
  " p.bars, p.bars_total, p.last_price, p.cash, p.base, p.avg_price,"
  " p.since_ms, p.equity, p.trades, m.symbol, e.name" BOT_FROM
  " WHERE (b.user_id = ? OR ? = 0) AND b.id > ? ORDER BY b.id LIMIT 500")
#undef BOT_FROM
X(Q_BOT_SOURCE, "u", "s", "SELECT source FROM bot WHERE id = ? LIMIT 1")
X(Q_BOT_WANT, "ssiuu", "",
  "UPDATE bot SET want = ?, state = ?, changed_ms = ?, error = NULL,"
  " ver = ver + 1 WHERE id = ? AND ver = ?")
X(Q_BOT_STATE, "sSiu", "",
  "UPDATE bot SET state = ?, error = ?, changed_ms = ?, ver = ver + 1"
  " WHERE id = ?")
X(Q_BOT_END, "ssSiuus", "",
  "UPDATE bot b JOIN bot_lease l ON l.bot_id = b.id SET b.state = ?,"
  " b.want = ?, b.error = ?, b.changed_ms = ?, b.ver = b.ver + 1,"
  " l.expires_ms = 0, l.holder = '' WHERE b.id = ? AND l.epoch = ?"
  " AND l.holder = ?")
X(Q_BOT_PATCH, "sfMMumiuu", "",
  "UPDATE bot SET name = ?, feed_speed = ?, max_position = ?,"
  " max_notional = ?, max_orders = ?, price_band = ?, changed_ms = ?,"
  " ver = ver + 1 WHERE id = ? AND ver = ?")
X(Q_BOT_DEL, "uu", "",
  "DELETE FROM bot WHERE id = ? AND ver = ?")
X(Q_BOT_PROGRESS, "IIIuUMmmmImuu", "",
  "UPDATE bot_progress SET warm_ms = ?, first_ms = ?, decided_ms = ?, bars = ?,"
  " bars_total = ?, last_price = ?, cash = ?, base = ?, avg_price = ?,"
  " since_ms = ?, equity = ?, trades = ? WHERE bot_id = ?")
X(Q_EQUITY_ADD, "uimmu", "",
  "INSERT INTO equity_point (bot_id, bar_ms, equity, cash, marked)"
  " VALUES (?, ?, ?, ?, ?)"
  " ON DUPLICATE KEY UPDATE equity = VALUES(equity), cash = VALUES(cash)")
/* leases: the server's clock, so that all hosts agree */
#define NOW_MS "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
X(Q_LEASE_WANTED, "", "uu",
  "SELECT b.id, l.epoch FROM bot b JOIN bot_lease l ON l.bot_id = b.id"
  " WHERE b.state IN ('s', 'r', 't') AND l.expires_ms < " NOW_MS
  " ORDER BY b.id LIMIT 100")
X(Q_LEASE_TAKE, "siuu", "",
  "UPDATE bot_lease SET holder = ?, epoch = epoch + 1, expires_ms = " NOW_MS
  " + ? WHERE bot_id = ? AND epoch = ? AND expires_ms < " NOW_MS)
X(Q_LEASE_RENEW, "is", "",
  "UPDATE bot_lease SET expires_ms = " NOW_MS " + ?"
  " WHERE holder = ? AND expires_ms >= " NOW_MS)
X(Q_LEASE_FREE, "uus", "",
  "UPDATE bot_lease SET expires_ms = 0, holder = ''"
  " WHERE bot_id = ? AND epoch = ? AND holder = ?")
X(Q_LEASE_LOCK, "uu", "u",
  "SELECT epoch FROM bot_lease WHERE bot_id = ? AND epoch = ?"
  " AND expires_ms >= " NOW_MS " LIMIT 1 FOR UPDATE")
X(Q_LEASE_HELD, "s", "uussuf",
  "SELECT b.id, l.epoch, b.state, b.want, b.ver, b.feed_speed FROM bot_lease l"
  " JOIN bot b ON b.id = l.bot_id WHERE l.holder = ? AND l.expires_ms >= "
  NOW_MS " ORDER BY b.id LIMIT 1000")
#undef NOW_MS

/* bots: readers for pages */
X(Q_BOT_ORDERS, "uuuu", "ubsssmmmsmmiS",
  "SELECT id, coid, side, type, tag, qty, limit_price, stop_price, state,"
  " filled, cost, created_ms, reason FROM order_intent"
  " WHERE bot_id = ? AND (id < ? OR ? = 0) ORDER BY id DESC LIMIT ?")
X(Q_BOT_FILLS, "uuuu", "uUismmmmsu",
  "SELECT id, intent_id, time_us, side, price, qty, cost, fee, fee_asset, maker"
  " FROM fill WHERE bot_id = ? AND (id < ? OR ? = 0) ORDER BY id DESC LIMIT ?")
X(Q_BOT_TRADES, "uuuu", "uuimissmmIISSMmmi",
  "SELECT number, open, direction, qty, entry_ms, entry_signal, entry_comment,"
  " entry_price, entry_cost, exit_ms, exit_bar, exit_signal, exit_comment,"
  " exit_price, fees, profit, entry_bar FROM trade"
  " WHERE bot_id = ? AND (number < ? OR ? = 0) ORDER BY number DESC LIMIT ?")
/* bot, from, to: read row by row and thinned by the reader */
X(Q_BOT_EQUITY, "uii", "imm",
  "SELECT bar_ms, equity, cash FROM equity_point"
  " WHERE bot_id = ? AND bar_ms >= ? AND bar_ms < ?"
  " ORDER BY bar_ms LIMIT 10000000")
/* equity a day before the last bar, by the bot's own clock */
X(Q_USER_DAY_AGO, "u", "uM",
  "SELECT b.id, (SELECT e.equity FROM equity_point e WHERE e.bot_id = b.id"
  " AND e.bar_ms <= p.decided_ms - 86400000 ORDER BY e.bar_ms DESC LIMIT 1)"
  " FROM bot b JOIN bot_progress p ON p.bot_id = b.id WHERE b.user_id = ?"
  " ORDER BY b.id LIMIT 500")
/* one point a day of every bot, and all of the last day */
X(Q_USER_EQUITY, "ui", "uim",
  "SELECT e.bot_id, e.bar_ms, e.equity FROM bot b"
  " JOIN equity_point e ON e.bot_id = b.id"
  " WHERE b.user_id = ? AND (e.marked = 1 OR e.bar_ms > ?)"
  " ORDER BY e.bar_ms, e.bot_id LIMIT 50000")
/* exit_ms, bot, number of the last one seen; an index of the newest */
X(Q_USER_TRADES, "uuiiuuuu", "usussuimissmmIISSMmmi",
  "SELECT t.bot_id, b.name, m.id, e.name, m.symbol, t.number, t.direction,"
  " t.qty, t.entry_ms, t.entry_signal, t.entry_comment, t.entry_price,"
  " t.entry_cost, t.exit_ms, t.exit_bar, t.exit_signal, t.exit_comment,"
  " t.exit_price, t.fees, t.profit, t.entry_bar"
  " FROM trade t JOIN bot b ON b.id = t.bot_id"
  " JOIN market m ON m.id = b.market_id JOIN exchange e ON e.id = m.exchange_id"
  " WHERE (b.user_id = ? OR ? = 0) AND t.open = 0"
  " AND (t.exit_ms < ? OR (t.exit_ms = ? AND"
  " (t.bot_id < ? OR (t.bot_id = ? AND t.number < ?))))"
  " ORDER BY t.exit_ms DESC, t.bot_id DESC, t.number DESC LIMIT ?")
X(Q_BOT_STATES, "", "su",
  "SELECT state, COUNT(*) FROM bot GROUP BY state LIMIT 20")
