/* stmt_market.h - part of the statement table, see stmts.h. */
X(Q_EXCHANGE_ADD, "ssi", "",
  "INSERT INTO exchange (name, kind, created) VALUES (?, ?, ?)")
X(Q_EXCHANGE_FIND, "s", "us",
  "SELECT id, kind FROM exchange WHERE name = ? LIMIT 1")
X(Q_EXCHANGE_FIND_LOCK, "s", "us",
  "SELECT id, kind FROM exchange WHERE name = ? LIMIT 1 LOCK IN SHARE MODE")
X(Q_EXCHANGE_LIST, "", "ussi",
  "SELECT e.id, e.name, e.kind,"
  " (SELECT COUNT(*) FROM market m WHERE m.exchange_id = e.id)"
  " FROM exchange e ORDER BY e.id LIMIT 1000")

X(Q_MARKET_ADD, "usssmmmi", "",
  "INSERT INTO market (exchange_id, symbol, base, quote, tick, lot,"
  " min_notional, status, created) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)")
#define MARKET_SELECT							\
  "SELECT m.id, m.exchange_id, e.name, m.symbol, m.base, m.quote, m.tick,"	\
  " m.lot, m.min_notional, m.status FROM market m"			\
  " JOIN exchange e ON e.id = m.exchange_id "
X(Q_MARKET_BY_ID, "u", "uussssmmmu", MARKET_SELECT
  "WHERE m.id = ? LIMIT 1")
X(Q_MARKET_FIND, "ss", "uussssmmmu", MARKET_SELECT
  "WHERE e.name = ? AND m.symbol = ? LIMIT 1")
X(Q_MARKET_FIND_LOCK, "us", "u",
  "SELECT id FROM market WHERE exchange_id = ? AND symbol = ? LIMIT 1"
  " LOCK IN SHARE MODE")
/* with its series as "tf first last n;..." */
#define MARKET_SERIES							\
  "(SELECT GROUP_CONCAT(CONCAT_WS(' ', s.tf, s.first_t, s.last_t, s.n)"	\
  " ORDER BY s.tf SEPARATOR ';') FROM candle_series s"			\
  " WHERE s.market_id = m.id AND s.n > 0)"
#define MARKET_INFO							\
  "SELECT m.id, m.exchange_id, e.name, m.symbol, m.base, m.quote, m.tick,"	\
  " m.lot, m.min_notional, m.status, " MARKET_SERIES " FROM market m"	\
  " JOIN exchange e ON e.id = m.exchange_id "
X(Q_MARKET_INFO, "u", "uussssmmmuS", MARKET_INFO
  "WHERE m.id = ? LIMIT 1")
X(Q_MARKET_INFO_LIST, "uSSSSu", "uussssmmmuS", MARKET_INFO
  "WHERE m.id > ? AND (? IS NULL OR e.name = ?)"
  " AND (? IS NULL OR LOCATE(UPPER(?), UPPER(m.symbol)) > 0)"
  " ORDER BY m.id LIMIT ?")
/* exchange or NULL, part of the symbol or NULL */
X(Q_MARKET_LIST, "uSSSSu", "uussssmmmu", MARKET_SELECT
  "WHERE m.id > ? AND (? IS NULL OR e.name = ?)"
  " AND (? IS NULL OR LOCATE(UPPER(?), UPPER(m.symbol)) > 0)"
  " ORDER BY m.id LIMIT ?")

/* the series row: who writes candles takes it FOR UPDATE first */
X(Q_SERIES_LOCK, "uu", "iiuu",
  "SELECT first_t, last_t, n, tail_n FROM candle_series"
  " WHERE market_id = ? AND tf = ? LIMIT 1 FOR UPDATE")
X(Q_SERIES_ADD, "uu", "",
  "INSERT IGNORE INTO candle_series (market_id, tf, first_t, last_t, n, tail_n)"
  " VALUES (?, ?, 0, 0, 0, 0)")
X(Q_SERIES_SET, "iiuuuu", "",
  "UPDATE candle_series SET first_t = ?, last_t = ?, n = ?, tail_n = ?"
  " WHERE market_id = ? AND tf = ?")
X(Q_SERIES_DEL, "uu", "",
  "DELETE FROM candle_series WHERE market_id = ? AND tf = ?")
X(Q_SERIES_OF, "u", "uuiiu",
  "SELECT market_id, tf, first_t, last_t, n FROM candle_series"
  " WHERE market_id = ? AND n > 0 ORDER BY tf LIMIT 100")
X(Q_SERIES_ALL, "u", "uuiiu",
  "SELECT market_id, tf, first_t, last_t, n FROM candle_series"
  " WHERE n > 0 ORDER BY market_id, tf LIMIT ?")

X(Q_BLOCK_ADD, "uuiiub", "",
  "INSERT INTO candle_block (market_id, tf, t0, t1, n, data)"
  " VALUES (?, ?, ?, ?, ?, ?)")
X(Q_BLOCK_DEL, "uuii", "",
  "DELETE FROM candle_block"
  " WHERE market_id = ? AND tf = ? AND t0 BETWEEN ? AND ?")
X(Q_BLOCK_SPANS, "uu", "iiu",
  "SELECT t0, t1, n FROM candle_block WHERE market_id = ? AND tf = ?"
  " ORDER BY t0 LIMIT 1000000")
/* from the block that holds `from` (the one that begins before it) on */
X(Q_BLOCKS, "uuiuuii", "iub",
  "SELECT t0, n, data FROM candle_block WHERE market_id = ? AND tf = ?"
  " AND t0 < ? AND t0 >= COALESCE((SELECT MAX(b.t0) FROM candle_block b"
  " WHERE b.market_id = ? AND b.tf = ? AND b.t0 <= ?), ?)"
  " ORDER BY t0 LIMIT 1000000")
X(Q_BLOCKS_COUNT, "uuiuuii", "i",
  "SELECT CAST(COALESCE(SUM(n), 0) AS SIGNED) FROM candle_block"
  " WHERE market_id = ? AND tf = ?"
  " AND t0 < ? AND t0 >= COALESCE((SELECT MAX(b.t0) FROM candle_block b"
  " WHERE b.market_id = ? AND b.tf = ? AND b.t0 <= ?), ?) LIMIT 1")
X(Q_BLOCKS_NEWEST, "uuiu", "iub",
  "SELECT t0, n, data FROM candle_block"
  " WHERE market_id = ? AND tf = ? AND t0 < ? ORDER BY t0 DESC LIMIT ?")

X(Q_TAIL_ADD, "uuimmmmm", "",
  "INSERT INTO candle_tail (market_id, tf, t, o, h, l, c, v)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_TAIL_DEL, "uu", "",
  "DELETE FROM candle_tail WHERE market_id = ? AND tf = ?")
X(Q_TAIL, "uuii", "immmmm",
  "SELECT t, o, h, l, c, v FROM candle_tail"
  " WHERE market_id = ? AND tf = ? AND t >= ? AND t < ? ORDER BY t LIMIT 100000")
X(Q_TAIL_NEWEST, "uuiu", "immmmm",
  "SELECT t, o, h, l, c, v FROM candle_tail"
  " WHERE market_id = ? AND tf = ? AND t < ? ORDER BY t DESC LIMIT ?")

/* Series that bots wait for, of one exchange. */
X(Q_POLL_WANTED, "s", "uu",
  "SELECT DISTINCT b.market_id, b.tf FROM bot b"
  " JOIN market m ON m.id = b.market_id"
  " JOIN exchange e ON e.id = m.exchange_id"
  " WHERE e.name = ? AND b.feed_kind = 'l' AND b.state IN ('s', 'r')"
  " ORDER BY b.market_id, b.tf LIMIT 500")
X(Q_FUNDING_PUT, "uifF", "",
  "INSERT INTO funding (market_id, t_ms, rate, mark) VALUES (?, ?, ?, ?)"
  " ON DUPLICATE KEY UPDATE rate = VALUES(rate), mark = VALUES(mark)")
X(Q_FUNDING_RANGE, "uiiu", "ifF",
  "SELECT t_ms, rate, mark FROM funding WHERE market_id = ? AND t_ms >= ?"
  " AND t_ms < ? ORDER BY t_ms LIMIT ?")
