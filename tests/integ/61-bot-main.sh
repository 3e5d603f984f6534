#!/bin/sh
# shellcheck source=tests/integ/env.sh
# The main job from the shell: four years of real candles, a bot that trades
# them on paper as fast as possible, and everything of it in the database.
. "${top_srcdir:-.}/tests/integ/env.sh"
data=${ORCH_SHARED_DATA:-$top_srcdir/../shared/data}
file=$data/binance_BTC_USDT-1h-2022_2025.csv
unset ORCH_SHARED_DATA		# no setting of ours
if [ ! -r "$file" ]; then
	[ "${CI:-}" != true ] || bail "$file is not there"
	skip_all "binance_BTC_USDT-1h-2022_2025.csv is not there"
fi
env_start
env_migrate
env_user admin admin

begin=$(date +%s%N)
orchctl candles import --market binance:BTC/USDT --tf 1h "$file" >"$T/out" 2>"$T/err"
is "the candles are imported" $? 0
middle=$(date +%s%N)
orchctl bot create --user admin --market binance:BTC/USDT --tf 1h \
	--strategy ema_cross --feed replay --speed 0 --run >"$T/bot.json" 2>"$T/err"
is "the bot runs to its end" $? 0
end=$(date +%s%N)
diag "import $(((middle - begin) / 1000000)) ms, bot $(((end - middle) / 1000000)) ms"
is "it is finished" "$(jq -r .state "$T/bot.json")" finished
is "after 34,349 bars" "$(jq -r .progress.bars "$T/bot.json")" 34349
is "in well under a minute" "$([ $(((end - middle) / 1000000000)) -lt 45 ] && echo yes)" yes
like "its trades are in the database" "$(sql 'SELECT COUNT(*) FROM trade')" '^[0-9]{3,}$'
is "its equity, bar by bar" "$(sql 'SELECT COUNT(*) FROM equity_point')" 34349
is "its ledger" "$(sql "SELECT COUNT(*) > 1000, SUM(amount) + 0 FROM ledger_posting")" \
	"$(printf '1\t0.000000000000000000')"
orchctl doctor >"$T/out" 2>&1
is "and every invariant holds" $? 0

# Mistakes end with a sentence and a status.
orchctl bot create --user nobody --market binance:BTC/USDT --strategy ema_cross >"$T/out" 2>"$T/err"
isnt "an unknown user is a mistake" $? 0
like "which is said" "$(cat "$T/err")" 'there is no user "nobody"'
orchctl bot create --market BTC --strategy ema_cross >"$T/out" 2>"$T/err"
isnt "so is a market that is none" $? 0
orchctl bot create --market binance:BTC/USDT --strategy ema_cross --feed replay fastLength=0 >"$T/out" 2>"$T/err"
isnt "so is an input out of range" $? 0
like "which is named" "$(cat "$T/err")" 'fastLength'
orchctl bot start 77 >"$T/out" 2>"$T/err"
isnt "so is a bot that does not exist" $? 0
is "no bot was made of mistakes" "$(sql 'SELECT COUNT(*) FROM bot')" 1
orchctl bot delete 1 >"$T/out" 2>"$T/err"
is "the bot goes" $? 0
is "with its fills" "$(sql 'SELECT COUNT(*) FROM fill')" 0
done_testing
