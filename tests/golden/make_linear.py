#!/usr/bin/env python3
"""Golden values of ridge and softmax regression in numpy, float64.

    python3 tests/golden/make_linear.py > tests/golden/linear.csv

Rows: values x4, class, target.  Comment lines before: "ridge" coefficients and
constant (l2 = 3), then a line for each class of the softmax (l2 = 2: half of it
times the squares of the standardised weights), of the raw values.
"""
import numpy as np

rng = np.random.default_rng(11)
N, F = 150, 4
x = (rng.standard_normal((N, F)) * [1, 3, 0.5, 10] + [0, 5, -2, 100]).astype(np.float32).astype(float)
s = (x - x.mean(0)) / x.std(0)
z = s @ [0.8, -0.5, 0.3, 0] + 0.5 * rng.standard_normal(N)
cls = np.where(z > 0.4, 0, np.where(z < -0.4, 2, 1))
target = (0.01 * z).astype(np.float32).astype(float)


def raw(w, b):
    c = w / x.std(0)
    return list(c) + [b - c @ x.mean(0)]


w = np.linalg.solve(s.T @ s + 3 * np.eye(F), s.T @ (target - target.mean()))
print("# numpy", np.__version__, "seed 11")
print("#", "ridge," + ",".join(f"{v:.12g}" for v in raw(w, target.mean())))

# Newton with the full Hessian; the constants' common shift is left at zero.
K, d = 3, np.hstack([s, np.ones((N, 1))])
y = np.eye(K)[cls]
pen = np.diag(np.tile([2.0] * F + [0.0], K))
v = np.zeros(K * (F + 1))
for _ in range(60):
    m = d @ v.reshape(K, F + 1).T
    p = np.exp(m - m.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    g = ((p - y).T @ d).ravel() + pen @ v
    h = pen.copy()
    for a in range(K):
        for b in range(K):
            c = p[:, a] * ((a == b) - p[:, b])
            h[a * (F + 1):(a + 1) * (F + 1), b * (F + 1):(b + 1) * (F + 1)] += d.T @ (d * c[:, None])
    v -= np.linalg.lstsq(h, g, rcond=None)[0]
for k in range(K):
    t = v.reshape(K, F + 1)[k]
    print("#", f"class{k}," + ",".join(f"{q:.12g}" for q in raw(t[:F], t[F])))
for i in range(N):
    print(",".join(f"{q:.9g}" for q in x[i]) + f",{cls[i]},{target[i]:.9g}")
