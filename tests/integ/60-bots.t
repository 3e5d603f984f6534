# Bots through the API: made once, seen by their owner, held to their states.
--- what there is to trade, and by what
GET /api/v1/markets as anna
<<< 200
save MARKET .items[0].id
save TF .items[0].timeframes[0].tf
GET /api/v1/strategies as anna
<<< 200
(.items | map(select(.starter)) | length) >= 3
save STRATEGY .items[0].id

--- a bot made with a key is made once, and the answer is the same
POST /api/v1/bots as anna
+ Idempotency-Key: bot-1
{"name":"first","market_id":${MARKET},"tf":"${TF}","strategy_id":${STRATEGY},"inputs":{},"mode":"paper","initial_balance":"10000","feed":{"kind":"live"}}
<<< 201
head Location ~ ^/api/v1/bots/[0-9]+$
nohead Idempotency-Replayed
.state == "created"
.initial_balance == "10000"
save BOT .id
POST /api/v1/bots as anna
+ Idempotency-Key: bot-1
{"name":"first","market_id":${MARKET},"tf":"${TF}","strategy_id":${STRATEGY},"inputs":{},"mode":"paper","initial_balance":"10000","feed":{"kind":"live"}}
<<< 201
.id == ${BOT}
head Location = /api/v1/bots/${BOT}
head Idempotency-Replayed = true
sql> SELECT COUNT(*) FROM bot JOIN user ON user.id = user_id WHERE user.name = 'anna' => 1

--- the same key for another bot is refused
POST /api/v1/bots as anna
+ Idempotency-Key: bot-1
{"name":"second","market_id":${MARKET},"tf":"${TF}","strategy_id":${STRATEGY},"inputs":{},"mode":"paper","initial_balance":"10000","feed":{"kind":"live"}}
<<< 422
sql> SELECT COUNT(*) FROM bot WHERE name = 'second' => 0

--- ten at once with one key make one bot
run> printf '%s' '{"name":"tenfold","market_id":${MARKET},"tf":"${TF}","strategy_id":${STRATEGY},"inputs":{},"mode":"paper","initial_balance":"10000","feed":{"kind":"live"}}' >"$T/ten.json"
run> for i in 1 2 3 4 5 6 7 8 9 10; do curl -s -o /dev/null -w '%{http_code}\n' --unix-socket "$T/nginx/http.sock" -b "$T/jar.anna" -H "X-CSRF-Token: $(cat "$T/csrf.anna")" -H 'Idempotency-Key: ten' -H 'Content-Type: application/json' -d @"$T/ten.json" http://localhost/api/v1/bots >"$T/ten.$i" & done; wait; cat "$T"/ten.[0-9]* | sort | uniq -c >&2; ! cat "$T"/ten.[0-9]* | grep -qvE '^(201|409)$'
sql> SELECT COUNT(*) FROM bot WHERE name = 'tenfold' => 1

--- money is text, and malformed money is refused
POST /api/v1/bots as anna
{"name":"x","market_id":${MARKET},"tf":"${TF}","strategy_id":${STRATEGY},"inputs":{},"mode":"paper","initial_balance":10000,"feed":{"kind":"live"}}
<<< 400
.field == "initial_balance"
POST /api/v1/bots as anna
{"name":"x","market_id":${MARKET},"tf":"${TF}","strategy_id":${STRATEGY},"inputs":{},"mode":"paper","initial_balance":"1e4","feed":{"kind":"live"}}
<<< 400
POST /api/v1/bots as anna
{"name":"x","market_id":${MARKET},"tf":"${TF}","strategy_id":${STRATEGY},"inputs":{},"mode":"paper","initial_balance":"-1","feed":{"kind":"live"}}
<<< 400

--- a market or strategy that does not exist is no server error
POST /api/v1/bots as anna
{"name":"x","market_id":999999,"tf":"${TF}","strategy_id":${STRATEGY},"inputs":{},"mode":"paper","initial_balance":"1000","feed":{"kind":"live"}}
<<< 422

--- the owner sees it, others do not
GET /api/v1/bots/${BOT} as anna
<<< 200
.name == "first"
GET /api/v1/bots/${BOT} as bert
<<< 404
DELETE /api/v1/bots/${BOT} as bert
<<< 404
POST /api/v1/bots/${BOT}/start as bert
<<< 404
POST /api/v1/bots/${BOT}/start as vera
<<< 403

--- its lists fit their schema when they are empty
GET /api/v1/bots/${BOT}/orders as anna
<<< 200
GET /api/v1/bots/${BOT}/fills as anna
<<< 200
GET /api/v1/bots/${BOT}/trades as anna
<<< 200
GET /api/v1/bots/${BOT}/equity as anna
<<< 200
GET /api/v1/bots/${BOT}/log as anna
<<< 200
GET /api/v1/bots/${BOT}/plots as anna
<<< 200
GET /api/v1/dashboard as anna
<<< 200
GET /api/v1/trades as anna
<<< 200

--- candles and ticker of the market fit theirs
GET /api/v1/markets/${MARKET} as vera
<<< 200
GET /api/v1/markets/${MARKET}/candles?tf=${TF}&limit=10 as vera
<<< 200
(.t | length) <= 10
(.t | length) == (.c | length)
savehead TAG ETag
GET /api/v1/markets/${MARKET}/candles?tf=${TF}&limit=10 as anna
+ If-None-Match: ${TAG}
<<< 304
GET /api/v1/markets/${MARKET}/ticker as vera
<<< 200
