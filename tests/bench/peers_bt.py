#!/usr/bin/env python3
"""The same work as bench_bt in other people's programs, one JSON line a figure.

    bench_bt --dump FILE && peers_bt.py FILE

FILE holds five columns of doubles one after the other: open, high, low, close,
volume.  Needs numpy, vectorbt and backtesting in its Python; a peer that is
not there is left out and said so.  Times are processor time, best of several
runs after a first one that compiles."""
import json
import resource
import sys
import time

import numpy as np

FEE = 0.001


def say(name, candles, seconds, **more):
    print(json.dumps({
        "bench": "peer", "name": name, "candles": candles,
        "ns_per_candle": round(seconds / candles * 1e9, 2),
        "candles_per_s": round(candles / seconds), **more,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }), flush=True)


def best(runs, work):
    work()
    least, result = float("inf"), None
    for _ in range(runs):
        t = time.process_time()
        result = work()
        least = min(least, time.process_time() - t)
    return least, result


def with_vectorbt(o, c, small_o, small_c):
    import vectorbt as vbt

    def run(o, c, fast_n, slow_n):
        fast = vbt.MA.run(c, fast_n)
        slow = vbt.MA.run(c, slow_n)
        # Decided at the close, filled at the next open.
        entry = fast.ma_crossed_above(slow).vbt.fshift(1, fill_value=False)
        exit_ = fast.ma_crossed_below(slow).vbt.fshift(1, fill_value=False)
        p = vbt.Portfolio.from_signals(c, entry, exit_, price=o, fees=FEE,
                                       init_cash=1e12, freq="1min")
        return p.trades.count(), p.final_value(), p.sharpe_ratio(), p.max_drawdown()

    seconds, got = best(3, lambda: run(o, c, 10, 50))
    say("vectorbt_sma_cross", len(c), seconds, trades=int(got[0]),
        final_equity=round(float(got[1]), 2))

    def sweep():
        fasts, slows = [], []
        for f in range(5, 51, 5):
            for s in range(60, 241, 20):
                fasts.append(f)
                slows.append(s)
        fast = vbt.MA.run(small_c, fasts, short_name="fast")
        slow = vbt.MA.run(small_c, slows, short_name="slow")
        entry = fast.ma_crossed_above(slow).vbt.fshift(1, fill_value=False)
        exit_ = fast.ma_crossed_below(slow).vbt.fshift(1, fill_value=False)
        # Positional columns on both sides, as the pairs were written down.
        p = vbt.Portfolio.from_signals(small_c[:, None], entry.to_numpy(), exit_.to_numpy(),
                                       price=small_o[:, None], fees=FEE, init_cash=1e12,
                                       freq="1min")
        return p.final_value()

    seconds, got = best(2, sweep)
    say("vectorbt_sweep_10x10", len(small_c) * 100, seconds, ms=round(seconds * 1e3, 1),
        best_equity=round(float(np.max(got)), 2))


def with_backtesting(columns, n):
    import pandas as pd
    from backtesting import Backtest, Strategy

    frame = pd.DataFrame({k: v[:n] for k, v in columns.items()})
    frame.index = pd.date_range("2020-09-13 12:26:40", periods=n, freq="1min")

    def average(x, k):
        return pd.Series(x).rolling(k).mean()

    class Cross(Strategy):
        def init(self):
            self.fast = self.I(average, self.data.Close, 10)
            self.slow = self.I(average, self.data.Close, 50)

        def next(self):
            d, was = self.fast[-1] - self.slow[-1], self.fast[-2] - self.slow[-2]
            if d > 0 >= was:
                self.buy()
            elif d < 0 <= was:
                self.position.close()

    def run():
        return Backtest(frame, Cross, cash=1e12, commission=FEE).run()

    seconds, got = best(1, run)
    say("backtesting_py_sma_cross", n, seconds, trades=int(got["# Trades"]),
        final_equity=round(float(got["Equity Final [$]"]), 2))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: peers_bt.py FILE (made by bench_bt --dump FILE)")
    data = np.fromfile(sys.argv[1]).reshape(5, -1)
    o, _, _, c, _ = data
    columns = dict(zip(("Open", "High", "Low", "Close", "Volume"), data))
    for name, work in (
            ("vectorbt", lambda: with_vectorbt(o, c, o[:100000], c[:100000])),
            ("backtesting", lambda: with_backtesting(columns, 100000))):
        try:
            work()
        except ImportError as e:
            print(f"{name} is not there: {e}", file=sys.stderr)


main()
