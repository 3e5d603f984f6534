#!/usr/bin/env python3
"""Golden models of xgboost for tests/unit/test_ml_xgb.c.

    python3 -m venv v && v/bin/pip install xgboost numpy
    v/bin/python tests/golden/make_xgboost.py tests/golden/xgboost

Writes NAME.json (the model) and NAME.csv: a row a sample with its values (empty:
missing), label, sums (margins), answers and contributions (SHAP values and, last,
the mean; of each sum in turn).  The first line of the CSV names seed, version and
the mean loss on these samples (log loss, or squared error).
"""
import json
import sys

import numpy as np
import xgboost as xgb

SEED, N, F = 7, 240, 4


def samples(missing):
    rng = np.random.default_rng(SEED)
    x = rng.standard_normal((N, F)).astype(np.float32)
    z = x[:, 0] * x[:, 1] + x[:, 2] + 0.3 * rng.standard_normal(N)
    if missing:
        x[rng.random((N, F)) < 0.1] = np.nan
    return x, z


def text(v):
    return "" if np.isnan(v) else repr(float(v)) if isinstance(v, np.float64) else f"{v:.9g}"


def make(out, name, objective, missing, label, **more):
    x, z = samples(missing)
    y = label(z)
    d = xgb.DMatrix(x, y)
    params = dict(objective=objective, max_depth=3, eta=0.3, max_bin=256, reg_lambda=1,
                  tree_method="hist", nthread=1, seed=SEED, **more)
    b = xgb.train(params, d, 8)
    b.save_model(f"{out}/{name}.json")
    # The text of the file is small enough; make it the same on every machine.
    doc = json.load(open(f"{out}/{name}.json"))
    json.dump(doc, open(f"{out}/{name}.json", "w"), separators=(",", ":"))
    p = b.predict(d).reshape(N, -1)
    m = b.predict(d, output_margin=True).reshape(N, -1)
    c = b.predict(d, pred_contribs=True).reshape(N, -1)
    if objective == "reg:squarederror":
        loss = float(np.mean((p[:, 0] - y) ** 2))
    elif objective == "binary:logistic":
        loss = float(-np.mean(np.where(y > 0, np.log(p[:, 0]), np.log(1 - p[:, 0]))))
    else:
        loss = float(-np.mean(np.log(p[np.arange(N), y.astype(int)])))
    with open(f"{out}/{name}.csv", "w") as f:
        f.write(f"# xgboost {xgb.__version__} seed {SEED} loss {loss:.9g}\n")
        for i in range(N):
            row = list(x[i]) + [np.float32(y[i])] + list(m[i]) + list(p[i]) + list(c[i])
            f.write(",".join(text(v) for v in row) + "\n")


out = sys.argv[1]
make(out, "binary", "binary:logistic", True, lambda z: (z > 0.2).astype(np.float32))
make(out, "multi", "multi:softprob", False,
     lambda z: np.where(z > 0.5, 0, np.where(z < -0.5, 2, 1)).astype(np.float32), num_class=3)
make(out, "squared", "reg:squarederror", True, lambda z: z.astype(np.float32))
