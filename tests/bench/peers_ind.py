#!/usr/bin/env python3
"""The same indicators as bench_ind in TA-Lib and Tulip Indicators, one JSON
line a figure.

    bench_ind --dump FILE && peers_ind.py FILE [LIBTULIP.so]

FILE holds five columns of 1,000,000 doubles one after the other: open, high,
low, close, volume.  Needs numpy and TA-Lib (its package brings the C library)
in its Python; Tulip is one C file, made into a library by
    cc -O2 -shared -fPIC -o libtulip.so tiamalgamation.c -lm
A peer that is not there is left out.  The C functions are called directly on
the columns; times are processor time, best of eleven."""
import ctypes
import glob
import json
import os
import sys
import time

import numpy as np

N = 1000000
D = ctypes.POINTER(ctypes.c_double)


def ptr(a):
    return a.ctypes.data_as(D)


def say(peer, name, work, last):
    best = float("inf")
    for _ in range(11):
        t = time.process_time_ns()
        work()
        best = min(best, time.process_time_ns() - t)
    print(json.dumps({"bench": "peer", "name": peer + "_" + name, "rows": N,
                      "ns_per_element": round(best / N, 2), "last": last()}), flush=True)


def with_talib(o, h, l, c, v):
    import talib
    pattern = os.path.join(os.path.dirname(talib.__file__), "..", "ta_lib.libs", "libta*")
    lib = ctypes.CDLL(glob.glob(pattern)[0])
    lib.TA_Initialize()
    out = [np.zeros(N) for _ in range(3)]
    beg, num = ctypes.c_int(), ctypes.c_int()

    def row(name, fn, ins, params, n_out):
        f = getattr(lib, fn)
        args = [0, N - 1] + [ptr(x) for x in ins]
        args += [ctypes.c_double(p) if isinstance(p, float) else p for p in params]
        args += [ctypes.byref(beg), ctypes.byref(num)] + [ptr(x) for x in out[:n_out]]

        def work():
            if f(*args) != 0:
                raise SystemExit(fn + " failed")
        say("talib", name, work, lambda: out[n_out - 1][num.value - 1])

    row("rsi", "TA_RSI", [c], [14], 1)
    row("ema", "TA_EMA", [c], [20], 1)
    row("macd", "TA_MACD", [c], [12, 26, 9], 3)
    row("bb", "TA_BBANDS", [c], [20, 2.0, 2.0, 0], 3)
    row("atr", "TA_ATR", [h, l, c], [14], 1)
    row("dmi", "TA_ADX", [h, l, c], [14], 1)
    row("stochastic", "TA_STOCH", [h, l, c], [14, 3, 0, 3, 0], 2)
    row("obv", "TA_OBV", [c, v], [], 1)


def with_tulip(path, o, h, l, c, v):
    lib = ctypes.CDLL(os.path.abspath(path))
    out = [np.zeros(N) for _ in range(3)]
    outs = (D * 3)(*[ptr(x) for x in out])

    def row(name, fn, ins, params, n_out):
        f = getattr(lib, fn)
        in_ = (D * len(ins))(*[ptr(x) for x in ins])
        par = (ctypes.c_double * max(1, len(params)))(*params)
        skip = getattr(lib, fn + "_start")(par)

        def work():
            if f(N, in_, par, outs) != 0:
                raise SystemExit(fn + " failed")
        say("tulip", name, work, lambda: out[n_out - 1][N - 1 - skip])

    row("rsi", "ti_rsi", [c], [14], 1)
    row("ema", "ti_ema", [c], [20], 1)
    row("macd", "ti_macd", [c], [12, 26, 9], 3)
    row("bb", "ti_bbands", [c], [20, 2], 3)
    row("atr", "ti_atr", [h, l, c], [14], 1)
    row("dmi", "ti_adx", [h, l, c], [14], 1)
    row("stochastic", "ti_stoch", [h, l, c], [14, 3, 3], 2)
    row("obv", "ti_obv", [c, v], [], 1)


def main():
    cols = np.fromfile(sys.argv[1])
    if cols.size != 5 * N:
        raise SystemExit("%s: not five columns of %d" % (sys.argv[1], N))
    o, h, l, c, v = (np.ascontiguousarray(x) for x in cols.reshape(5, N))
    try:
        with_talib(o, h, l, c, v)
    except ImportError:
        print("TA-Lib is not there", file=sys.stderr)
    if len(sys.argv) > 2:
        with_tulip(sys.argv[2], o, h, l, c, v)


if __name__ == "__main__":
    main()
