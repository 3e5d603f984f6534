# Bots: made, run, looked at, ended.  The runner here is orchctl bot run.
--- there are no bots at first
GET /api/v1/bots as bert
<<< 200
.items == []
GET /api/v1/dashboard as bert
<<< 200
.bots == {"running":0,"paused":0,"halted":0,"total":0}
.equity == "0"
.equity_curve.t == []

--- a market and its candles
run> awk 'BEGIN { print "timestamp_ms,open,high,low,close,volume"; o = 100; for (i = 0; i < 600; i++) { c = 100 + 12 * sin(i / 9) + 3 * sin(i / 2.3); h = (o > c ? o : c) + 0.5; l = (o < c ? o : c) - 0.5; printf "%.0f,%.2f,%.2f,%.2f,%.2f,%.3f\n", 472222 * 3600000 + i * 3600000, o, h, l, c, 50 + i % 7; o = sprintf("%.2f", c) + 0 } }' >"$T/wave.csv"
run> orchctl candles import --market binance:WAVE/USDT --tf 1h "$T/wave.csv"
GET /api/v1/markets?q=WAVE as bert
<<< 200
save MARKET .items[0].id
GET /api/v1/strategies as bert
<<< 200
save EMA .items[]|select(.name|startswith("EMA"))|.id

--- a viewer makes no bot
POST /api/v1/bots as vera
{"name":"x","market_id":${MARKET},"tf":"1h","strategy_id":${EMA},"feed":{"kind":"replay"}}
<<< 403

--- what does not fit is refused, by field or with a sentence
POST /api/v1/bots as bert
{"name":"","market_id":0,"tf":"1h","strategy_id":${EMA},"feed":{"kind":"tape"},"initial_balance":"-5","wings":2}
<<< 400
(.errors | map(.field) | sort) == ["feed.kind","initial_balance","market_id","name","wings"]
POST /api/v1/bots as bert
{"name":"x","market_id":${MARKET},"tf":"7h","strategy_id":${EMA},"feed":{"kind":"replay"}}
<<< 400
.field == "tf"
POST /api/v1/bots as bert
{"name":"x","market_id":999999,"tf":"1h","strategy_id":${EMA},"feed":{"kind":"replay"}}
<<< 422
POST /api/v1/bots as bert
{"name":"x","market_id":${MARKET},"tf":"1h","strategy_id":${EMA},"inputs":{"fastLength":0},"feed":{"kind":"replay"}}
<<< 422
.detail | test("fastLength|Fast length")
POST /api/v1/bots as bert
{"name":"x","market_id":${MARKET},"tf":"1h","strategy_id":${EMA},"feed":{"kind":"replay","from":4000000000000}}
<<< 422
.detail | test("no 1h candles")
sql> SELECT (SELECT COUNT(*) FROM bot WHERE user_id = (SELECT id FROM user WHERE name = 'bert')) + (SELECT COUNT(*) FROM account WHERE user_id = (SELECT id FROM user WHERE name = 'bert')) => 0

--- a bot is made once, whatever is sent again
POST /api/v1/bots as bert
+ Idempotency-Key: wave-one
{"name":"wave","market_id":${MARKET},"tf":"1h","strategy_id":${EMA},"inputs":{"fastLength":5,"slowLength":12,"allowShorts":true},"initial_balance":"5000","feed":{"kind":"replay","speed":0},"paper":{"fee_taker":"0.002","slippage_ticks":2},"limits":{"max_orders":10}}
<<< 201
head Location ~ ^/api/v1/bots/[0-9]+$
.state == "created"
.equity == "5000"
.position == null
.limits.max_orders == 10
save BOT .id
POST /api/v1/bots as bert
+ Idempotency-Key: wave-one
{"name":"wave","market_id":${MARKET},"tf":"1h","strategy_id":${EMA},"inputs":{"fastLength":5,"slowLength":12,"allowShorts":true},"initial_balance":"5000","feed":{"kind":"replay","speed":0},"paper":{"fee_taker":"0.002","slippage_ticks":2},"limits":{"max_orders":10}}
<<< 201
.id == ${BOT}
sql> SELECT COUNT(*) FROM bot WHERE user_id = (SELECT id FROM user WHERE name = 'bert') => 1
sql> SELECT fee_taker + 0, slippage_ticks FROM paper_account JOIN bot USING (account_id) WHERE bot.id = ${BOT} => 0.002000000000000000	2

--- another's bot does not exist, for reading nor for anything else
GET /api/v1/bots/${BOT} as anna
<<< 404
POST /api/v1/bots/${BOT}/start as anna
<<< 404
DELETE /api/v1/bots/${BOT} as anna
<<< 404
GET /api/v1/bots/${BOT}/orders as anna
<<< 404




--- an administrator may look at it, and not touch it
GET /api/v1/bots/${BOT} as olga
<<< 200
POST /api/v1/bots/${BOT}/start as olga
<<< 404

--- a bot that was not started cannot be paused
POST /api/v1/bots/${BOT}/pause as bert
<<< 409
.detail | test("running")

--- name and limits change
PATCH /api/v1/bots/${BOT} as bert
{"name":"the wave","limits":{"max_position":"1000"}}
<<< 200
.name == "the wave"
.limits.max_position == "1000"
PATCH /api/v1/bots/${BOT} as bert
{"initial_balance":"1000000"}
<<< 400

--- it is started, and while it waits for a runner it is not deleted
POST /api/v1/bots/${BOT}/start as bert
<<< 200
.state == "starting"
DELETE /api/v1/bots/${BOT} as bert
<<< 409
.detail | test("stop")

--- it runs to the end of its candles
run> orchctl bot run ${BOT}
GET /api/v1/bots/${BOT} as bert
<<< 200
.state == "finished"
.progress.bars == 600
.progress.bars_total == 600
.trades > 10
.error == null
POST /api/v1/bots/${BOT}/start as bert
<<< 409

--- its orders, fills and trades, page by page
GET /api/v1/bots/${BOT}/orders?limit=3 as bert
<<< 200
(.items | length) == 3
.items[0].id > .items[1].id
.items[0].client_id | test("^[0-9a-f]{32}$")
save NEXT .next
GET /api/v1/bots/${BOT}/orders?limit=3&cursor=${NEXT} as bert
<<< 200
(.items | length) == 3
GET /api/v1/bots/${BOT}/fills?limit=500 as bert
<<< 200
(.items | length) > 20
.next == null
[.items[].liquidity] | unique == ["taker"]
GET /api/v1/bots/${BOT}/trades?limit=500 as bert
<<< 200
(.items | length) > 10
([.items[].number] | sort) == [range(1; (.items | length) + 1)]
([.items[] | select(.open)] | length) <= 1
[.items[].direction] | unique == ["long","short"]
sql> SELECT COUNT(*) FROM order_intent WHERE bot_id = ${BOT} AND state NOT IN ('f', 'c', 'r') => 0

--- its equity, thinned, with the last point
GET /api/v1/bots/${BOT}/equity?points=50 as bert
<<< 200
(.t | length) <= 50 and (.t | length) > 20
(.equity | length) == (.t | length)
([.drawdown[] | select(. < 0)] | length) == 0
GET /api/v1/bots/${BOT}/equity as bert
<<< 200
(.t | length) == 600
.t[599] - .t[0] == 599 * 3600000

--- what it plots, and its log
GET /api/v1/bots/${BOT}/plots?points=100 as bert
<<< 200
[.names[].name] == ["Fast EMA","Slow EMA"]
(.values | length) == 2
(.values[0] | length) == (.t | length)
(.t | length) <= 100
.values[1][0] == null
.values[1][50] > 80
GET /api/v1/bots/${BOT}/log as bert
<<< 200
.items[0].message | test("finished after 600 bars")

--- all bots at a glance
GET /api/v1/dashboard as bert
<<< 200
.bots.total == 1
(.trades | length) > 5
.trades[0].bot.name == "the wave"
.trades[0].market.symbol == "WAVE/USDT"
(.equity_curve.t | length) > 20
GET /api/v1/trades?limit=4 as bert
<<< 200
(.items | length) == 4
save NEXT .next
save LAST .items[3].number
GET /api/v1/trades?limit=4&cursor=${NEXT} as bert
<<< 200
.items[0].number < ${LAST}



run> ! orchctl doctor 2>&1 | grep WRONG | grep -v 'a session ends'

--- it is deleted with everything
DELETE /api/v1/bots/${BOT} as bert
<<< 204
GET /api/v1/bots/${BOT} as bert
<<< 404
sql> SELECT (SELECT COUNT(*) FROM account WHERE user_id = (SELECT id FROM user WHERE name = 'bert')) + (SELECT COUNT(*) FROM fill WHERE bot_id = ${BOT}) + (SELECT COUNT(*) FROM trade WHERE bot_id = ${BOT}) + (SELECT COUNT(*) FROM order_intent WHERE bot_id = ${BOT}) + (SELECT COUNT(*) FROM equity_point WHERE bot_id = ${BOT}) => 0
