#!/usr/bin/env python3
"""The work of bench_ml in PyTorch (one thread) and onnxruntime (one thread).

    python3 -m venv peers && peers/bin/pip install torch onnx onnxruntime
    ./tests/bench/bench_ml && peers/bin/python tests/bench/peers_ml.py

One JSON object a line, as bench_ml prints them."""
import json
import time

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

torch.set_num_threads(1)
T, F, H, N = 60, 16, 50, 5000


class Rnn(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.a, self.b = cell(F, H, batch_first=True), cell(H, H, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Sequential(nn.Linear(H, 25), nn.ReLU(), nn.Linear(25, 3))

    def forward(self, x):
        y = self.drop(self.a(x)[0])
        return self.head(self.b(y)[0][:, -1])


def dense():
    return nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(),
                         nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3))


def show(peer, work, what, **more):
    print(json.dumps({"bench": "ml", "peer": peer, "work": work, "what": what, **more}),
          flush=True)


def ask(peer, work, b, f, calls):
    for _ in range(20):
        f()
    took = []
    for _ in range(calls):
        t = time.perf_counter()
        f()
        took.append(time.perf_counter() - t)
    took.sort()
    show(peer, work, "B%d" % b, us_min=round(took[0] * 1e6, 2),
         us_p50=round(took[calls // 2] * 1e6, 2))


def pytorch(work, net, shape, calls):
    x = torch.rand((N,) + shape) * 2 - 1
    y = torch.arange(N) % 3
    net.eval()
    with torch.inference_mode():
        for b in (1, 32):
            ask("torch " + torch.__version__, work, b,
                lambda: torch.softmax(net(x[:b]), -1), calls if b == 1 else calls // 8)
    net.train()
    opt, loss = torch.optim.Adam(net.parameters(), 1e-3), nn.CrossEntropyLoss()
    best = None
    for _ in range(3):
        t = time.process_time()
        order = torch.randperm(N)
        for i in range(0, N, 32):
            k = order[i:i + 32]
            opt.zero_grad()
            loss(net(x[k]), y[k]).backward()
            opt.step()
        t = time.process_time() - t
        best = t if best is None else min(best, t)
    show("torch " + torch.__version__, work, "epoch", s=round(best, 4))


def graph(op, gates):
    """Two recurrent layers and the head, as ONNX has them: [T][B][F]."""
    r = np.random.default_rng(1)
    init = []

    def w(name, *shape):
        init.append(numpy_helper.from_array(
            (r.random(shape, dtype=np.float32) - 0.5) * 0.28, name))
        return name

    nodes = []
    more = {"linear_before_reset": 1} if op == "GRU" else {}
    x = "x"
    for i, (n, last) in enumerate(((F, False), (H, True))):
        nodes.append(helper.make_node(
            op, [x, w("w%d" % i, 1, gates * H, n), w("r%d" % i, 1, gates * H, H),
                 w("b%d" % i, 1, 2 * gates * H)],
            ["y%d" % i, "h%d" % i], hidden_size=H, **more))
        if not last:
            init.append(numpy_helper.from_array(np.array([1], np.int64), "axis1"))
            nodes.append(helper.make_node("Squeeze", ["y0", "axis1"], ["s0"]))
            x = "s0"
    init.append(numpy_helper.from_array(np.array([0], np.int64), "axis0"))
    nodes += [helper.make_node("Squeeze", ["h1", "axis0"], ["last"]),
              helper.make_node("Gemm", ["last", w("d1", H, 25), w("e1", 25)], ["z1"]),
              helper.make_node("Relu", ["z1"], ["a1"]),
              helper.make_node("Gemm", ["a1", w("d2", 25, 3), w("e2", 3)], ["z2"]),
              helper.make_node("Softmax", ["z2"], ["p"], axis=-1)]
    return nodes, init, [T, None, F]


def graph_dense():
    r = np.random.default_rng(1)
    init, nodes, x = [], [], "x"
    sizes = [20, 128, 64, 32, 3]
    for i in range(4):
        for name, shape in (("w%d" % i, (sizes[i], sizes[i + 1])),
                            ("b%d" % i, (sizes[i + 1],))):
            init.append(numpy_helper.from_array(
                (r.random(shape, dtype=np.float32) - 0.5) * 0.28, name))
        nodes.append(helper.make_node("Gemm", [x, "w%d" % i, "b%d" % i], ["z%d" % i]))
        x = "z%d" % i
        if i < 3:
            nodes.append(helper.make_node("Relu", [x], ["a%d" % i]))
            x = "a%d" % i
    nodes.append(helper.make_node("Softmax", [x], ["p"], axis=-1))
    return nodes, init, [None, 20]


def onnxrt(work, made, calls):
    nodes, init, shape = made
    g = helper.make_graph(
        nodes, work,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, [None, 3])], init)
    m = helper.make_model(g, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(m)
    o = ort.SessionOptions()
    o.intra_op_num_threads = o.inter_op_num_threads = 1
    s = ort.InferenceSession(m.SerializeToString(), o, ["CPUExecutionProvider"])
    for b in (1, 32):
        x = {"x": np.random.rand(*[b if n is None else n for n in shape])
             .astype(np.float32)}
        ask("onnxruntime " + ort.__version__, work, b, lambda: s.run(None, x),
            calls if b == 1 else calls // 8)


onnxrt("W1", graph("LSTM", 4), 4000)
onnxrt("W4", graph("GRU", 3), 4000)
onnxrt("W2", graph_dense(), 40000)
pytorch("W1", Rnn(nn.LSTM), (T, F), 400)
pytorch("W4", Rnn(nn.GRU), (T, F), 400)
pytorch("W2", dense(), (20,), 8000)
