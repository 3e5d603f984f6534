#!/usr/bin/env python3
"""Writes ml.txt: what scikit-learn, scipy and numpy make of seeded samples.

    pip install numpy scipy scikit-learn && python3 make_ml.py >ml.txt

A line is a name and its numbers.  Tests: tests/unit/test_ml_eval.c."""
import numpy as np
import scipy.optimize
import sklearn
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import (accuracy_score, balanced_accuracy_score, confusion_matrix,
                             f1_score, log_loss, matthews_corrcoef, precision_score,
                             recall_score, roc_auc_score)
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.utils.class_weight import compute_class_weight

r = np.random.default_rng(20261123)


def put(name, *v):
    print(name, *["%.17g" % float(x) for x in np.ravel(v)])


def samples(n):
    z = r.standard_normal((n, 3)) + [0.2, 0.8, 0]
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    p = np.round(p.astype(np.float32), 2) + np.float32(0.001)     # equal ones, too
    p = (p / p.sum(1, keepdims=True)).astype(np.float32)
    y = np.array([r.choice(3, p=(q := (w := x.astype(float) ** 0.6) / w.sum())) for x in p])
    return y, p


def said(p):
    a = np.full(len(p), 1)
    a[(p[:, 0] > p[:, 1]) & (p[:, 0] > p[:, 2])] = 0
    a[(p[:, 2] > p[:, 1]) & (p[:, 2] > p[:, 0])] = 2
    return a


def evaluation():
    y, p = samples(400)
    a = said(p)
    q = p.astype(float)
    one = np.eye(3)[y]
    nxt = (0.01 * r.standard_normal(400)).astype(np.float32)
    put("eval.cls", y)
    put("eval.p", p)
    put("eval.next", nxt)
    put("eval.accuracy", accuracy_score(y, a))
    put("eval.balanced_accuracy", balanced_accuracy_score(y, a))
    put("eval.precision", precision_score(y, a, average="macro", zero_division=0))
    put("eval.recall", recall_score(y, a, average="macro"))
    put("eval.f1", f1_score(y, a, average="macro"))
    put("eval.mcc", matthews_corrcoef(y, a))
    put("eval.log_loss", -np.log(q[np.arange(400), y]).mean())
    put("eval.brier", ((q - one) ** 2).sum(1).mean())
    put("eval.class_precision", precision_score(y, a, average=None))
    put("eval.class_recall", recall_score(y, a, average=None))
    put("eval.class_f1", f1_score(y, a, average=None))
    put("eval.confusion", confusion_matrix(y, a))
    auc = [roc_auc_score(y == k, q[:, k]) for k in range(3)]
    put("eval.class_auc", auc)
    put("eval.auc", np.mean(auc))
    conf = q[np.arange(400), a]
    bins = np.minimum((conf * 10).astype(int), 9)
    put("eval.ece", sum(abs((a == y)[bins == b].sum() - conf[bins == b].sum())
                        for b in range(10)) / 400)
    pos, growth, back = 0.0, 1.0, []
    for i in range(400):
        now = {0: 1.0, 1: pos, 2: 0.0}[int(a[i])]
        back.append(now * float(nxt[i]) - 0.001 * abs(now - pos))
        growth *= 1 + back[-1]
        pos = now
    put("eval.profit", growth - 1)
    put("eval.sharpe", np.mean(back) / np.std(back))


def scaling():
    x = (3 + 2 * r.standard_normal(201) ** 3).astype(np.float32)
    put("scale.raw", x)
    s = StandardScaler().fit(x.astype(float)[:, None])
    put("scale.standard", s.mean_, s.scale_)
    s = RobustScaler().fit(x.astype(float)[:, None])
    put("scale.robust", s.center_, s.scale_ / 1.349)
    y = r.choice(3, 300, p=[0.2, 0.7, 0.1])
    put("weights.cls", y)
    put("weights", compute_class_weight("balanced", classes=np.arange(3), y=y))


def drift():
    a = r.standard_normal(1000).astype(np.float32)
    b = (0.4 + 1.2 * r.standard_normal(700)).astype(np.float32)
    edge = np.sort(a)[[(k + 1) * 1000 // 10 for k in range(9)]]
    pa = np.bincount(np.searchsorted(edge, a, side="left"), minlength=10) / 1000
    pb = np.bincount(np.searchsorted(edge, b, side="left"), minlength=10) / 700
    pa, pb = np.maximum(pa, 1e-4), np.maximum(pb, 1e-4)
    put("psi.train", a)
    put("psi.now", b)
    put("psi", ((pb - pa) * np.log(pb / pa)).sum())


def calibration():
    y, p = samples(600)
    q = p.astype(float)
    put("calib.cls", y)
    put("calib.p", p)

    def loss_t(t):
        z = q ** (1 / t)
        return -np.log((z / z.sum(1, keepdims=True))[np.arange(600), y]).mean()
    t = scipy.optimize.minimize_scalar(loss_t, bounds=(0.05, 20), method="bounded",
                                       options={"xatol": 1e-10}).x
    put("calib.temperature", t)

    def loss_ab(v):
        z = v[0] * np.log(q) + [v[1], 0, v[2]]
        z -= z.max(1, keepdims=True)
        return -(z[np.arange(600), y] - np.log(np.exp(z).sum(1))).mean()
    v = scipy.optimize.minimize(loss_ab, [1, 0, 0], method="BFGS", tol=1e-12).x
    put("calib.platt", v)
    iso = []
    for k in range(3):
        f = IsotonicRegression(out_of_bounds="clip").fit(q[:, k], (y == k).astype(float))
        iso.append(f.predict(q[:100, k]))
    iso = np.maximum(np.array(iso).T, 1e-6)
    put("calib.isotonic", iso / iso.sum(1, keepdims=True))


def rolling(x, n, f):
    out = np.full(len(x), np.nan)
    for i in range(n - 1, len(x)):
        out[i] = f(x[i - n + 1:i + 1])
    return out


def smooth(x, a, n):                      # seeded with the mean of the first n
    out = np.full(len(x), np.nan)
    first = int(np.argmax(~np.isnan(x)))
    out[first + n - 1] = x[first:first + n].mean()
    for i in range(first + n, len(x)):
        out[i] = a * x[i] + (1 - a) * out[i - 1]
    return out


def features():
    n = 300
    c = 100 * np.cumprod(1 + 0.01 * r.standard_normal(n))
    o = np.concatenate([[100], c[:-1]])
    h = np.maximum(o, c) * (1 + 0.01 * r.random(n))
    l = np.minimum(o, c) * (1 - 0.01 * r.random(n))
    v = 1000 * r.random(n) + 1
    t = 1704067200000 + 3600000 * np.arange(n)
    for name, x in zip("tohlcv", (t, o, h, l, c, v)):
        put("feature.bars." + name, x)
    prev = np.concatenate([[np.nan], c[:-1]])
    ret = c / prev - 1
    nan = np.nan

    def lag(k):
        return c / np.concatenate([np.full(k, nan), c[:-k]]) - 1
    sma = rolling(c, 20, np.mean)
    sd = rolling(c, 20, np.std)
    flow = np.where(np.isnan(prev), nan, np.sign(c - prev) * v)
    tr = np.maximum(h, np.where(np.isnan(prev), h, prev)) - \
        np.minimum(l, np.where(np.isnan(prev), l, prev))
    d = c - prev
    up, down = smooth(np.maximum(d, 0), 1 / 14, 14), smooth(np.maximum(-d, 0), 1 / 14, 14)
    k14 = (c - rolling(l, 14, np.min)) / (rolling(h, 14, np.max) - rolling(l, 14, np.min))
    e5, e10 = smooth(v, 2 / 6, 5), smooth(v, 2 / 11, 10)
    lo, hi = rolling(l, 21, np.min), rolling(h, 21, np.max)
    all_ = {
        "return_1": ret, "volume_ratio": np.minimum(v / rolling(v, 20, np.mean), 5),
        "rsi_14": up / (up + down), "bollinger": (c - sma + 2 * sd) / (4 * sd),
        "atr_14": smooth(tr, 1 / 14, 14) / c, "volume_oscillator": (e5 - e10) / e10,
        "stochastic_k": k14, "stochastic_d": rolling(k14, 3, np.mean),
        "obv": rolling(flow, 20, np.sum) / rolling(v, 20, np.sum),
        "momentum_5": lag(5), "momentum_10": lag(10), "momentum_20": lag(20),
        "volatility_20": np.sqrt(rolling(ret ** 2, 20, np.mean)),
        "range_position": (c - lo) / (hi - lo), "sma_distance": c / sma - 1,
        "support": (c - rolling(l, 50, np.min)) / c,
        "resistance": (rolling(h, 50, np.max) - c) / c,
        "trend_10_20": rolling(c, 10, np.mean) / sma - 1,
        "hour_sin": np.sin(2 * np.pi * (np.arange(n) % 24) / 24),
        "hour_cos": np.cos(2 * np.pi * (np.arange(n) % 24) / 24),
        # 2024-01-01 was a Monday
        "weekday_sin": np.sin(2 * np.pi * (np.arange(n) // 24 % 7) / 7),
        "weekday_cos": np.cos(2 * np.pi * (np.arange(n) // 24 % 7) / 7),
    }
    for name, x in all_.items():
        put("feature." + name, x)


print("# scikit-learn %s, numpy %s, seed 20261123" % (sklearn.__version__, np.__version__))
evaluation()
scaling()
drift()
calibration()
features()
