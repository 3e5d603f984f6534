# Backtests: asked for, run by a job worker, looked at, taken away, removed.
--- there are no backtests at first
GET /api/v1/backtests as emma
<<< 200
.items == [] and .next == null

--- a market and its candles
run> awk 'BEGIN { print "timestamp_ms,open,high,low,close,volume"; o = 100; for (i = 0; i < 3000; i++) { c = 100 + 12 * sin(i / 9) + 3 * sin(i / 2.3); h = (o > c ? o : c) + 0.5; l = (o < c ? o : c) - 0.5; printf "%.0f,%.2f,%.2f,%.2f,%.2f,%.3f\n", 472222 * 3600000 + i * 3600000, o, h, l, c, 50 + i % 7; o = sprintf("%.2f", c) + 0 } }' >"$T/swell.csv"
run> orchctl candles import --quiet --market binance:SWELL/USDT --tf 1h "$T/swell.csv"
GET /api/v1/markets?q=SWELL as emma
<<< 200
save SWELL .items[0].id
GET /api/v1/strategies?limit=100 as emma
<<< 200
save CROSS .items[]|select(.name|test("^EMA.cross$"))|.id

--- a preview keeps nothing
POST /api/v1/strategies/preview as vera
{"source":"//@version=6\nindicator(\"I\")\nplot(ta.sma(close, 3), \"m\")\n","market_id":${SWELL},"tf":"1h","bars":50}
<<< 200
.ok and (.t | length) == 50 and .plots[0].name == "m" and (.plots[0].values | length) == 50 and .metrics == null
sql> SELECT COUNT(*) FROM backtest => 0

--- a viewer asks for no backtest
POST /api/v1/backtests as vera
{"strategy_id":${CROSS},"market_id":${SWELL},"tf":"1h"}
<<< 403

--- one is put into the queue once, whatever is sent again
POST /api/v1/backtests as emma
+ Idempotency-Key: bt-1
{"strategy_id":${CROSS},"market_id":${SWELL},"tf":"1h","inputs":{"fastLength":5,"slowLength":12},"options":{"fee":0.1},"tags":["first"]}
<<< 201
head Location ~ ^/api/v1/backtests/[0-9]+$
.state == "queued" and .strategy.name == "EMA cross" and .market.symbol == "SWELL/USDT"
save BT .id
POST /api/v1/backtests as emma
+ Idempotency-Key: bt-1
{"strategy_id":${CROSS},"market_id":${SWELL},"tf":"1h","inputs":{"fastLength":5,"slowLength":12},"options":{"fee":0.1},"tags":["first"]}
<<< 201
head Idempotency-Replayed = true
sql> SELECT COUNT(*), SUM(state = 'q') FROM backtest => 1	1

--- a worker runs it
run> env_run
run> bt_idle() { [ "$(sql "SELECT COUNT(*) FROM backtest WHERE state IN ('q', 'r')")" = 0 ]; }; wait_for 30 bt_idle
GET /api/v1/backtests/${BT} as emma
<<< 200
.state == "done" and .progress == 1 and .eta_ms == null and .metrics.trades > 20 and .properties.rules == "chart"
.metrics.initial_capital == 10000 and .trades >= .metrics.trades
GET /api/v1/backtests/${BT}/equity?points=200 as emma
<<< 200
(.t | length) <= 200 and (.t | length) > 150 and (.equity | length) == (.t | length) and .drawdown[0] == 0
GET /api/v1/backtests/${BT}/trades?limit=5 as emma
<<< 200
(.items | length) == 5 and .items[0].number == 1 and (.items[0].entry_values | has("Fast EMA"))
GET /api/v1/backtests/${BT}/breakdown as emma
<<< 200
(.months | length) >= 4 and .groups.pair[0].name == "SWELL/USDT"
GET /api/v1/backtests/${BT}/chart?points=300 as emma
<<< 200
(.t | length) == 300 and .step == 10 and (.plots | length) == 2
GET /api/v1/backtests?tag=first&state=done as emma
<<< 200
(.items | length) == 1

--- it is taken away as files
GET /api/v1/backtests/${BT}/export?format=trades as emma
<<< 200
head Content-Type ~ ^text/csv
head Content-Disposition ~ attachment; filename="backtest-[0-9]+-trades.csv"
GET /api/v1/backtests/${BT}/export?format=html as emma
<<< 200
head Content-Type ~ ^text/html
head Content-Disposition ~ attachment

--- it is nobody else's
GET /api/v1/backtests/${BT} as finn
<<< 404
GET /api/v1/backtests/${BT}/export?format=json as finn
<<< 404
DELETE /api/v1/backtests/${BT} as finn
<<< 404

--- a script that never ends fails with a sentence
POST /api/v1/backtests as emma
{"source":"//@version=6\nstrategy(\"E\")\nx = 0\nwhile true\n    x := x + 1\nplot(x)\n","market_id":${SWELL},"tf":"1h"}
<<< 201
save ENDLESS .id
run> bt_idle() { [ "$(sql "SELECT COUNT(*) FROM backtest WHERE state IN ('q', 'r')")" = 0 ]; }; wait_for 30 bt_idle
GET /api/v1/backtests/${ENDLESS} as emma
<<< 200
.state == "failed" and (.error | test("line"))

--- and goes
DELETE /api/v1/backtests/${ENDLESS} as emma
<<< 204
PATCH /api/v1/backtests/${BT} as emma
{"name":"mine","notes":"good"}
<<< 200
.name == "mine" and .notes == "good" and .tags == ["first"]
run> env_stop orch-run
run> ! orchctl doctor 2>&1 | grep WRONG | grep -v 'a session ends'
