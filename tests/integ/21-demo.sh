#!/bin/sh
# shellcheck source=tests/integ/env.sh
# The demo market: made in seconds, made once, and seen through the API.
. "${top_srcdir:-.}/tests/integ/env.sh"
env_start
env_migrate

t0=$(date +%s)
out=$(orchctl demo --quiet)
like "the demo market is made" "$out" '^sim: 3 markets, 1821[0-9][0-9] candles added'
ok "within ten seconds" test $(($(date +%s) - t0)) -le 10
is "two years of hours, thirty days of minutes" \
	"$(sql "SELECT GROUP_CONCAT(DISTINCT CONCAT(tf, ':', n) ORDER BY tf) FROM orch.candle_series")" \
	"5:43200,10:17520"
like "a second run adds at most the minute since" "$(orchctl demo --quiet)" \
	'^sim: 3 markets, [0-6] candles added'
is "nobody is there who could have a bot" "$(sql 'SELECT COUNT(*) FROM orch.bot')" 0
env_user olga admin
like "an administrator gets one" "$(orchctl demo --quiet)" '^paper bot [0-9]+$'
orchctl demo --quiet >"$T/out"
is "and only one" "$(sql 'SELECT COUNT(*) FROM orch.bot')" 1
like "the invariants hold" "$(orchctl doctor 2>&1)" 'invariants hold'
# What was missed while nothing ran is made good, exactly.
orchctl candles export -m sim:ETH/USDT -t 1m >"$T/a.csv"
sql "DELETE FROM orch.candle_tail WHERE tf = 5;
	UPDATE orch.candle_series s SET n = n - tail_n, tail_n = 0, last_t =
	(SELECT MAX(t1) FROM orch.candle_block b WHERE b.market_id = s.market_id
	AND b.tf = s.tf) WHERE tf = 5" >/dev/null
orchctl demo --quiet >"$T/out"
orchctl candles export -m sim:ETH/USDT -t 1m | head -n "$(wc -l <"$T/a.csv")" >"$T/b.csv"
ok "the same candles come again" cmp "$T/a.csv" "$T/b.csv"

# orch-run: the feed writes the minute that closes, the bot trades.
env_run
now() { sql 'SELECT last_t FROM orch.candle_series ORDER BY tf, market_id LIMIT 1'; }
before=$(now)
later() { [ "$(now)" -gt "$before" ]; }
ok "the feed process appends the minute that has closed" wait_for 75 later
bot_moves() { [ "$(sql 'SELECT COUNT(*) FROM orch.bot_progress WHERE bars > 0')" = 1 ]; }
ok "the bot decides on candles" wait_for 20 bot_moves
env_stop orch-run
like "the invariants still hold" "$(orchctl doctor 2>&1)" 'invariants hold'
done_testing
