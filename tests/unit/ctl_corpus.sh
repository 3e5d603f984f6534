#!/bin/sh
# Strategies written the way published ones are, in versions 4, 5 and 6: each
# is checked, run over candles, and gives orders.
ctl=${top_builddir:-.}/src/prog/orchctl
top=${top_srcdir:-.}
t=$(mktemp -d) || exit 99
trap 'rm -rf "$t"' EXIT
# 3,000 hourly candles of a walk that swings.
awk 'BEGIN { p = 20000; s = 7; print "timestamp_ms,open,high,low,close,volume"
	for (i = 0; i < 3000; i++) {
		s = (s * 16807) % 2147483647
		r = s / 2147483647 - 0.5
		c = p * (1 + 0.03 * r + 0.004 * sin(i / 40))
		h = (c > p ? c : p) * 1.004; l = (c < p ? c : p) * 0.996
		printf "%d000,%.2f,%.2f,%.2f,%.2f,%.3f\n", 1672531200 + i * 3600,
			p, h, l, c, 10 + 5 * r
		p = sprintf("%.2f", c)
	} }' >"$t/c.csv"
set -- "$top"/tests/script/*.pine
echo "1..$#"
n=0
for f; do
	n=$((n + 1))
	name=$(basename "$f" .pine)
	if "$ctl" --quiet backtest "$f" --candles "$t/c.csv" --symbol BTC/USDT --quiet \
	     --trades "$t/trades.csv" >"$t/out" 2>&1 &&
	   [ "$(wc -l <"$t/trades.csv")" -gt 3 ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$t/out"
	fi
	rm -f "$t/trades.csv"
done
