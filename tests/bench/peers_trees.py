#!/usr/bin/env python3
"""xgboost on the samples of bench_ml_trees (W3), one thread, processor time.

usage: peers_trees.py SAMPLES   (bench_ml_trees --dump SAMPLES)
       peers_trees.py SAMPLES MODEL ANSWERS
               (bench_ml_trees --model OBJECTIVE MODEL ANSWERS): reads a model
               that was exported, and says how far its answers are apart
"""
import json
import sys
import time

import numpy as np
import xgboost as xgb

N, F = 50000, 20


def put(**what):
    print(json.dumps({"bench": "trees", "work": "W3", "peer": "xgboost " + xgb.__version__, **what}), flush=True)


def cpu(call, runs):
    took = []
    for _ in range(runs):
        t = time.process_time()
        result = call()
        took.append(time.process_time() - t)
    return min(took), result


raw = np.fromfile(sys.argv[1], dtype=np.float32)
x, y = raw[:N * F].reshape(N, F), raw[N * F:]
if len(sys.argv) == 4:
    model = xgb.Booster(model_file=sys.argv[2])
    ours = np.fromfile(sys.argv[3], dtype=np.float32).reshape(N, -1)
    theirs = model.predict(xgb.DMatrix(x)).reshape(N, -1)
    if theirs.shape[1] < ours.shape[1]:
        ours = ours[:, :1]
    put(what="export", furthest=float(np.abs(ours - theirs).max()))
    sys.exit()
params = dict(objective="binary:logistic", max_depth=6, max_bin=256, eta=0.1,
              reg_lambda=1, tree_method="hist", nthread=1)
took, model = cpu(lambda: xgb.train(params, xgb.DMatrix(x, y, nthread=1), 200), 3)
put(what="train", seconds=round(took, 3))
took, p = cpu(lambda: model.inplace_predict(x), 7)
put(what="batch", ns_per_row=round(took / N * 1e9, 1),
    log_loss=round(float(-np.mean(np.where(y > 0, np.log(p), np.log(1 - p)))), 4))
took = []
for i in range(1000):
    t = time.perf_counter()
    model.inplace_predict(x[i:i + 1])
    took.append(time.perf_counter() - t)
took.sort()
put(what="single", us_p50=round(took[500] * 1e6, 2), us_p99=round(took[990] * 1e6, 2))
