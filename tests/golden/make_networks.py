#!/usr/bin/env python3
"""Golden values of networks: forward passes and steps of training.

Another implementation than the one under test: a tape of numpy operations in
float64 that finds gradients by itself, nets written down as formulas.  Weights
are not drawn but computed from their place, w = scale * sin(1.7 i + 0.3 k), so
that the test makes the same ones.

    python3 tests/golden/make_networks.py > tests/golden/networks.txt

Each case: "net NAME KIND OPT OUTPUTS | layout", then "y" (outputs of 5 samples
before training), "loss" (mean loss of each of 4 steps) and "w NAME" (sum, sum
of squares and first 4 values of each tensor afterwards).

SGD where a gradient is zero in theory (biases of keys, sums before a batch
normalisation): Adam would make steps of its rounding.
"""
import numpy as np

B, T, F = 5, 7, 4
RATE = 0.02


class V:
    """A value that knows how its gradient goes to what it was made of."""

    def __init__(self, x, back=None, of=()):
        self.x, self.back, self.of, self.g = x, back, of, None

    def __add__(self, o):
        return op(self.x + val(o), [(self, lambda g: g), (o, lambda g: g)])

    def __sub__(self, o):
        return op(self.x - val(o), [(self, lambda g: g), (o, lambda g: -g)])

    def __mul__(self, o):
        return op(self.x * val(o), [(self, lambda g: g * val(o)),
                                    (o, lambda g: g * self.x)])

    def __truediv__(self, o):
        return op(self.x / val(o), [(self, lambda g: g / val(o)),
                                    (o, lambda g: -g * self.x / val(o) ** 2)])

    def __matmul__(self, o):
        return op(self.x @ o.x, [
            (self, lambda g: g @ np.swapaxes(o.x, -1, -2)),
            (o, lambda g: np.swapaxes(self.x, -1, -2) @ g)])

    def __getitem__(self, i):
        def back(g):
            z = np.zeros_like(self.x)
            z[i] = g
            return z
        return op(self.x[i], [(self, back)])


def val(v):
    return v.x if isinstance(v, V) else v


def op(x, of):
    return V(x, None, [(v, f) for v, f in of if isinstance(v, V)])


def fit_shape(g, shape):
    while g.ndim > len(shape):
        g = g.sum(0)
    for i, n in enumerate(shape):
        if n == 1 and g.shape[i] != 1:
            g = g.sum(i, keepdims=True)
    return g


def gradients(root):
    order, seen = [], set()

    def visit(v):
        if id(v) not in seen:
            seen.add(id(v))
            for o, _ in v.of:
                visit(o)
            order.append(v)
    visit(root)
    for v in order:
        v.g = np.zeros_like(v.x)
    root.g = np.ones_like(root.x)
    for v in reversed(order):
        for o, f in v.of:
            o.g = o.g + fit_shape(f(v.g), o.x.shape)


def tanh(v):
    y = np.tanh(v.x)
    return op(y, [(v, lambda g: g * (1 - y * y))])


def sigmoid(v):
    y = 1 / (1 + np.exp(-v.x))
    return op(y, [(v, lambda g: g * y * (1 - y))])


def relu(v):
    return op(np.maximum(v.x, 0), [(v, lambda g: g * (v.x > 0))])


def exp(v):
    y = np.exp(v.x)
    return op(y, [(v, lambda g: g * y)])


def log(v):
    return op(np.log(v.x), [(v, lambda g: g / v.x)])


def sqrt(v):
    y = np.sqrt(v.x)
    return op(y, [(v, lambda g: g / (2 * y))])


def gelu(v):
    u = (v + v * v * v * 0.044715) * np.sqrt(2 / np.pi)
    return v * 0.5 * (tanh(u) + 1.0)


def total(v, axis=None):
    return op(v.x.sum(axis, keepdims=True),
              [(v, lambda g: np.broadcast_to(g, v.x.shape))])


def mean(v, axis):
    return total(v, axis) / float(v.x.shape[axis])


def swap(v):
    return op(np.swapaxes(v.x, -1, -2), [(v, lambda g: np.swapaxes(g, -1, -2))])


def reshape(v, shape):
    return op(v.x.reshape(shape), [(v, lambda g: g.reshape(v.x.shape))])


def join(vs, axis):
    cut = np.cumsum([v.x.shape[axis] for v in vs])[:-1]
    return op(np.concatenate([v.x for v in vs], axis),
              [(v, lambda g, i=i: np.split(g, cut, axis)[i])
               for i, v in enumerate(vs)])


def softmax(v):
    e = exp(v - v.x.max(-1, keepdims=True))
    return e / total(e, -1)


ACT = {"relu": relu, "tanh": tanh, "sigmoid": sigmoid, "gelu": gelu,
       "linear": lambda v: v}


class Net:
    """Layers from the text; weights appear in the order of the layout."""

    def __init__(self, layout, outputs, flat):
        self.w, self.names, self.fixed, self.decayed = [], [], [], []
        self.parts = [p.split() for p in layout.split(",")]
        self.outputs, self.flat = outputs, flat

    def tensor(self, name, shape, fixed=False):
        i = self.at
        self.at += 1
        if i == len(self.w):
            k = np.arange(int(np.prod(shape)))
            base = 1.0 if name.split(".")[-1] in ("gamma", "var") else 0.0
            scale = 0.5 / np.sqrt(shape[0]) if len(shape) > 1 else 0.1
            self.w.append(V(base + scale * np.sin(1.7 * i + 0.3 * k).reshape(shape)))
            self.names.append(name)
            self.fixed.append(fixed)
            self.decayed.append(len(shape) > 1)
        return self.w[i]

    def norm(self, x, n):
        c = x.x.shape[-1]
        g, b = self.tensor(n + ".gamma", (c,)), self.tensor(n + ".beta", (c,))
        d = x - mean(x, -1)
        return d / sqrt(mean(d * d, -1) + 1e-5) * g + b

    def linear(self, x, n, m, w="w", b="b"):
        return x @ self.tensor(n + "." + w, (x.x.shape[-1], m)) + \
            self.tensor(n + "." + b, (m,))

    def forward(self, x, train):
        """x: B x T x F (or B x TF)"""
        self.at, layer = 0, 0
        for p in self.parts:
            n = "%d.%s" % (layer, p[0])
            layer += 1
            size = self.outputs if len(p) > 1 and p[1] == "out" else \
                int(p[1]) if len(p) > 1 else 0
            if p[0] == "dense":
                x = ACT[p[2] if len(p) > 2 else "linear"](self.linear(x, n, size))
            elif p[0] in ("lstm", "gru"):
                x = getattr(self, p[0])(x, n, size)
                if p[-1] == "last":
                    x = x[:, -1]
            elif p[0] == "conv":
                x = self.conv(x, n, size, p[2:])
            elif p[0] == "batchnorm":
                x = self.batchnorm(x, n, train)
            elif p[0] == "layernorm":
                x = self.norm(x, n)
            elif p[0] == "position":
                t, c = x.x.shape[1:]
                at = np.arange(t)[:, None] / 10000 ** ((np.arange(c) // 2 * 2) / c)
                x = x + np.where(np.arange(c) % 2 == 0, np.sin(at), np.cos(at))
            elif p[0] == "attention":
                x = self.attention(x, n, size)
            elif p[0] == "feedforward":
                h = self.norm(x, n)
                h = ACT[p[2] if len(p) > 2 else "gelu"](
                    self.linear(h, n, size, "w1", "b1"))
                x = x + self.linear(h, n, x.x.shape[-1], "w2", "b2")
            elif p[0] == "pool":
                x = reshape(mean(x, 1), (x.x.shape[0], x.x.shape[2]))
            elif p[0] == "last":
                x = x[:, -1]
            elif p[0] == "flatten":
                x = reshape(x, (x.x.shape[0], -1))
        return x

    def lstm(self, x, n, h):
        wx = self.tensor(n + ".wx", (x.x.shape[-1], 4 * h))
        wh, b = self.tensor(n + ".wh", (h, 4 * h)), self.tensor(n + ".b", (4 * h,))
        y = c = V(np.zeros((x.x.shape[0], h)))
        out = []
        for t in range(x.x.shape[1]):
            z = x[:, t] @ wx + y @ wh + b
            i, f, g, o = (z[:, k * h:(k + 1) * h] for k in range(4))
            c = sigmoid(f) * c + sigmoid(i) * tanh(g)
            y = sigmoid(o) * tanh(c)
            out.append(reshape(y, (x.x.shape[0], 1, h)))
        return join(out, 1)

    def gru(self, x, n, h):
        wx = self.tensor(n + ".wx", (x.x.shape[-1], 3 * h))
        wh, b = self.tensor(n + ".wh", (h, 3 * h)), self.tensor(n + ".b", (3 * h,))
        bn = self.tensor(n + ".bn", (h,))
        y = V(np.zeros((x.x.shape[0], h)))
        out = []
        for t in range(x.x.shape[1]):
            p, q = x[:, t] @ wx + b, y @ wh
            r = sigmoid(p[:, :h] + q[:, :h])
            z = sigmoid(p[:, h:2 * h] + q[:, h:2 * h])
            m = tanh(p[:, 2 * h:] + r * (q[:, 2 * h:] + bn))
            y = m * (z * -1.0 + 1.0) + z * y
            out.append(reshape(y, (x.x.shape[0], 1, h)))
        return join(out, 1)

    def conv(self, x, n, m, words):
        def word(w, default):
            return int(words[words.index(w) + 1]) if w in words else default
        k, d = word("kernel", 2), word("dilation", 1)
        b, t, c = x.x.shape
        gated = "gated" in words
        w = self.tensor(n + ".w", (k * c, 2 * m if gated else m))
        z = self.tensor(n + ".b", (2 * m if gated else m,))
        for i in range(k):
            s = min((k - 1 - i) * d, t)
            part = x[:, :t - s]
            if s > 0:
                part = join([V(np.zeros((b, s, c))), part], 1)
            z = part @ w[i * c:(i + 1) * c] + z
        if gated:
            y = tanh(z[:, :, :m]) * sigmoid(z[:, :, m:])
        else:
            f = [a for a in words if a in ACT]
            y = ACT[f[0] if f else "linear"](z)
        return x + y if "residual" in words else y

    def batchnorm(self, x, n, train):
        c = x.x.shape[-1]
        g, b = self.tensor(n + ".gamma", (c,)), self.tensor(n + ".beta", (c,))
        rm = self.tensor(n + ".mean", (c,), True)
        rv = self.tensor(n + ".var", (c,), True)
        if not train:
            return (x - rm.x) / np.sqrt(rv.x + 1e-5) * g + b
        shape = x.x.shape
        x = reshape(x, (-1, c))
        mu = mean(x, 0)
        d = x - mu
        v = mean(d * d, 0)
        rm.x = rm.x + 0.1 * (mu.x[0] - rm.x)
        rv.x = rv.x + 0.1 * (v.x[0] - rv.x)
        return reshape(d / sqrt(v + 1e-5) * g + b, shape)

    def attention(self, x, n, heads):
        h = self.norm(x, n)
        c = x.x.shape[-1]
        q = self.linear(h, n, 3 * c, "wqkv", "bqkv")
        s, out = c // heads, []
        for i in range(heads):
            a, k, v = (q[:, :, j * c + i * s:j * c + (i + 1) * s] for j in range(3))
            out.append(softmax(a @ swap(k) / np.sqrt(s)) @ v)
        return x + self.linear(join(out, -1), n, c, "wo", "bo")


def step(net, opt, m, v, t):
    for i, w in enumerate(net.w):
        if net.fixed[i]:
            continue
        g = w.g
        if opt == "sgd":
            keep = 1 - RATE * 0.01 if net.decayed[i] else 1
            m[i] = 0.9 * m[i] + g
            w.x = w.x * keep - RATE * m[i]
            continue
        keep = 1 - RATE * 0.01 if net.decayed[i] and opt == "adamw" else 1
        m[i] = 0.9 * m[i] + 0.1 * g
        v[i] = 0.999 * v[i] + 0.001 * g * g
        w.x = w.x * keep - RATE * (m[i] / (1 - 0.9 ** t)) / \
            (np.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8)


def case(name, kind, opt, outputs, layout, clip=0.0, huber=0.0):
    k = np.arange(B * T * F)
    x = (np.sin(0.37 * k) + 0.5 * np.cos(1.1 * k)).reshape(B, T, F)
    x = np.float32(x).astype(float)
    weight = np.array([1, 0.5, 2, 1, 1.5])
    cls = np.array([0, 2, 1, 1, 0])
    target = np.float32(0.3 * np.sin(np.arange(B))).astype(float)
    flat = kind.startswith("dense")
    net = Net(layout, outputs, flat)
    given = V(x.reshape(B, -1) if flat else x)
    y = net.forward(given, False)
    y = softmax(y) if outputs > 1 else y
    print("net %s %s %s %d %g %g | %s" % (name, kind, opt, outputs, clip, huber, layout))
    print("y " + " ".join("%.9g" % q for q in y.x.ravel()))
    m = [np.zeros_like(w.x) for w in net.w]
    v = [np.zeros_like(w.x) for w in net.w]
    losses = []
    for t in range(1, 5):
        z = net.forward(given, True)
        if outputs > 1:
            hot = np.eye(outputs)[cls]
            one = total(log(softmax(z)) * -hot, -1)
        else:
            d = z - target[:, None]
            far = np.abs(d.x) > huber if huber > 0 else np.zeros_like(d.x, bool)
            sign = np.sign(d.x)
            one = (d * d * 0.5) * (~far) + \
                (d * sign - huber / 2) * huber * far
        loss = total(one * (weight[:, None] / B))
        losses.append(loss.x.item() * B / weight.sum())
        gradients(loss)
        if clip > 0:
            norm = np.sqrt(sum((w.g ** 2).sum() for i, w in enumerate(net.w)
                               if not net.fixed[i]))
            for w in net.w:
                w.g = w.g * min(1, clip / norm)
        step(net, opt, m, v, t)
    print("loss " + " ".join("%.9g" % q for q in losses))
    for n, w in zip(net.names, net.w):
        f = w.x.ravel()
        print("w %s %.9g %.9g " % (n, f.sum(), (f * f).sum()) +
              " ".join("%.9g" % q for q in f[:4]))


print("# from: numpy %s, float64, tests/golden/make_networks.py  tol: 1e-5" % np.__version__)
case("dense", "dense", "adam", 3, "dense 9 relu, dense 8 tanh, dense out")
case("gelu", "dense", "sgd", 3, "dense 9 gelu, dense 8 sigmoid, dense out", clip=0.05)
case("mse", "dense", "adamw", 1, "dense 9 tanh, dense out")
case("huber", "dense", "sgd", 1, "dense 9 tanh, dense out", huber=0.1)
case("deep", "dense_deep", "sgd", 3, "dense 9 tanh, batchnorm, dense 7 relu, layernorm, dense out")
case("lstm", "lstm", "adam", 3, "lstm 6, lstm 5 last, dense 4 relu, dense out")
case("gru", "gru", "adamw", 3, "gru 6, gru 5 last, dense 4 relu, dense out", clip=0.1)
case("conv", "conv", "sgd", 3, "conv 6 gated, conv 6 dilation 2 gated residual, conv 5 kernel 3 dilation 3 tanh, last, dense out")
case("convbn", "conv", "adam", 3, "conv 6 kernel 3 relu, batchnorm, flatten, dense out")
case("attend", "transformer", "sgd", 3, "dense 8, position, attention 2, feedforward 6, attention 4, feedforward 5 relu, layernorm, pool, dense out")
