#!/usr/bin/env python3
"""Writes indicators.csv: 400 seeded bars and what TA-Lib makes of them.

    pip install numpy TA-Lib && python3 make_indicators.py >indicators.csv

A column is named row/parameters/output/from: the row of our table, its
parameters, the number of its output, and the first bar from which both must
agree.  It is 0 where the definitions are the same from the first value on;
later where TA-Lib seeds an average differently and the seeds have died away."""
import numpy as np
import talib

N = 400


def bars():
    r = np.random.default_rng(20261123)
    c = 100 * np.cumprod(1 + 0.01 * r.standard_normal(N))
    c = np.round(c, 4)
    o = np.round(np.concatenate([[100], c[:-1]]) * (1 + 0.001 * r.standard_normal(N)), 4)
    h = np.round(np.maximum(o, c) * (1 + 0.01 * r.random(N)), 4)
    l = np.round(np.minimum(o, c) * (1 - 0.01 * r.random(N)), 4)
    v = np.round(1000 * r.random(N) + 1, 3)
    return o, h, l, c, v


def main():
    o, h, l, c, v = bars()
    t = talib
    cols = {}

    def put(name, *outs):
        row, params, first = name.split(" ")
        for k, x in enumerate(outs):
            if x is not None:
                cols["%s/%s/%d/%s" % (row, params, k, first)] = x

    put("sma 20 0", t.SMA(c, 20))
    put("wma 20 0", t.WMA(c, 20))
    put("ema 20 0", t.EMA(c, 20))
    put("dema 10 0", t.DEMA(c, 10))
    put("tema 10 0", t.TEMA(c, 10))
    put("trix 9 0", t.TRIX(c, 9))
    put("kama 10 0", t.KAMA(c, 10))
    put("rsi 14 0", t.RSI(c, 14))
    put("roc 9 0", t.ROC(c, 9))
    put("mom 10 0", t.MOM(c, 10))
    put("macd 12;26;9 160", *t.MACD(c, 12, 26, 9))
    put("ppo 12;26;9 0", t.PPO(c, 12, 26, 1))
    u, m, b = t.BBANDS(c, 20, 2, 2)
    put("bb 20;2 0", m, u, b)
    put("stdev 20 0", t.STDDEV(c, 20, 1))
    put("variance 20 0", t.VAR(c, 20, 1))
    put("dev 20 0", t.AVGDEV(c, 20))
    put("cci 20 0", t.CCI(h, l, c, 20))
    put("linreg 14 0", t.LINEARREG(c, 14))
    put("linreg 14;-1 0", t.TSF(c, 14))
    put("linregchannel 14 0", None, None, None, t.LINEARREG_SLOPE(c, 14))
    put("highest 20 0", t.MAX(h, 20))
    put("lowest 20 0", t.MIN(l, 20))
    put("donchian 20 0", t.MIDPRICE(h, l, 20), t.MAX(h, 20), t.MIN(l, 20))
    k, d = t.STOCH(h, l, c, 14, 3, 0, 3, 0)
    put("stochastic 14;3;3 17", k, d)
    put("wpr 14 0", t.WILLR(h, l, c, 14))
    dn, up = t.AROON(h, l, 14)
    put("aroon 14 0", up, dn, t.AROONOSC(h, l, 14))
    put("mfi 14 14", t.MFI(h, l, c, v, 14))
    put("ultimate 7;14;28 0", t.ULTOSC(h, l, c, 7, 14, 28))
    put("accdist - 0", t.AD(h, l, c, v))
    put("chaikin 3;10 110", t.ADOSC(h, l, c, v, 3, 10))
    put("tr - 0", t.TRANGE(h, l, c))
    put("atr 14 250", t.ATR(h, l, c, 14))
    put("natr 14 250", t.NATR(h, l, c, 14))
    put("dmi 14;14 300", t.PLUS_DI(h, l, c, 14), t.MINUS_DI(h, l, c, 14), t.ADX(h, l, c, 14))
    # SAR is left out: TA-Lib clamps the stop to the last two lows before it asks
    # whether the bar went through it, the charts do so after.
    put("engulfing - 2", np.sign(t.CDLENGULFING(o, h, l, c)).astype(float))

    names = list(cols)
    print("# from: TA-Lib %s (numpy %s), seed 20261123, tolerance 1e-9 relative"
          % (talib.__version__, np.__version__))
    print("time,open,high,low,close,volume," + ",".join(names))
    for i in range(N):
        row = [str(1700000000 + 3600 * i)] + [repr(float(x[i])) for x in (o, h, l, c, v)]
        row += ["" if np.isnan(cols[n][i]) else "%.15g" % cols[n][i] for n in names]
        print(",".join(row))


main()
