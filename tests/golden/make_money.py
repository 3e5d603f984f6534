#!/usr/bin/env python3
"""Golden values for core/money from Python's decimal module.

usage: make_money.py > money.csv

A row: operation, two operands, and the result in each rounding mode (down, up,
floor, ceil, half_up, half_even) or - where it does not fit.  Operations:
mul a*b; div a/b; step a to a multiple of b; text: a as an exchange writes it.
"""
import random
import sys
from decimal import (Decimal, localcontext, ROUND_CEILING, ROUND_DOWN,
                     ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP)

MODES = [ROUND_DOWN, ROUND_UP, ROUND_FLOOR, ROUND_CEILING, ROUND_HALF_UP,
         ROUND_HALF_EVEN]
UNIT = Decimal(1).scaleb(-18)
MAX = 2 ** 127 - 1
MIN = -2 ** 127
SEED = 20261123


def text(raw):
    """A raw integer of 1e-18 in the shortest form."""
    sign = '-' if raw < 0 else ''
    whole, frac = divmod(abs(raw), 10 ** 18)
    out = sign + str(whole)
    if frac:
        out += '.' + ('%018d' % frac).rstrip('0')
    return out


def fit(value):
    raw = int(value.scaleb(18))
    return text(raw) if MIN <= raw <= MAX else '-'


def each_mode(exact):
    """exact() computes with plenty of digits; one rounding follows."""
    out = []
    for mode in MODES:
        with localcontext() as c:
            c.prec = 200
            c.rounding = mode
            c.Emax, c.Emin = 10 ** 6, -10 ** 6
            out.append(fit(exact().quantize(UNIT)))
    return out


def div(a, b):
    """Exact enough: 200 digits and a mark that something was left over."""
    with localcontext() as c:
        c.prec = 200
        c.rounding = ROUND_DOWN
        q = a / b
        if q * b != a:
            q += Decimal(1).scaleb(-190).copy_sign(q if q else (a * b))
        return q


def step(a, b, mode):
    q = (Decimal(a) / Decimal(b))
    with localcontext() as c:
        c.prec = 200
        n, rest = divmod(abs(a), b)
        # the quotient as n + a fraction that is exactly a half, or not
        frac = Decimal(0) if rest == 0 else (
            Decimal('0.5') if rest * 2 == b else
            Decimal('0.25') if rest * 2 < b else Decimal('0.75'))
        q = Decimal(n) + frac
        if a < 0:
            q = -q
        return int(q.quantize(Decimal(1), rounding=mode)) * b


def operand(rng):
    kind = rng.randrange(6)
    if kind == 0:
        raw = rng.choice([0, 1, 2, 10 ** 18, 5 * 10 ** 17, 10 ** 18 + 1,
                          10 ** 18 - 1, 2 ** 63 - 1, 2 ** 63, 2 ** 63 + 1,
                          2 ** 64 - 1, 2 ** 64, 2 ** 64 + 1, 10 ** 36,
                          2 ** 126, MAX - 1, MAX, 3, 7, 25 * 10 ** 16])
    elif kind == 1:
        raw = rng.getrandbits(rng.randrange(1, 128)) & MAX
    elif kind == 2:       # a price
        raw = rng.randrange(1, 10 ** 8) * 10 ** 16
    elif kind == 3:       # a quantity
        raw = rng.randrange(1, 10 ** 12) * 10 ** 10
    elif kind == 4:       # a dust price
        raw = rng.randrange(1, 10 ** 6) * 10 ** 8
    else:                 # a supply of a cheap coin
        raw = rng.randrange(1, 10 ** 15) * 10 ** 18
        raw = min(raw, MAX)
    if rng.randrange(3) == 0:
        raw = -raw
    if rng.randrange(40) == 0:
        raw = MIN
    return raw


def exchange_text(rng):
    digits = ''.join(rng.choice('0123456789')
                     for _ in range(rng.randrange(1, 45)))
    point = rng.randrange(0, len(digits) + 1)
    whole, frac = digits[:point] or '0', digits[point:]
    out = rng.choice(['', '', '-', '+']) + whole
    if frac:
        out += '.' + frac
    if rng.randrange(2):
        out += rng.choice('eE') + str(rng.randrange(-40, 25))
    if rng.randrange(8) == 0:     # exactly half a unit
        out = rng.choice(['', '-']) + str(rng.randrange(10 ** 6)) + '.' + \
            '%018d5' % rng.randrange(10 ** 18)
    return out


def main():
    rng = random.Random(SEED)
    rows = []
    for _ in range(700):
        a, b = operand(rng), operand(rng)
        da, db = (Decimal(x).scaleb(-18, ) for x in (a, b))
        with localcontext() as c:
            c.prec = 200
            da, db = Decimal(a) / 10 ** 18, Decimal(b) / 10 ** 18
            rows.append(['mul', text(a), text(b)] +
                        each_mode(lambda: da * db))
            if b:
                rows.append(['div', text(a), text(b)] +
                            each_mode(lambda: div(da, db)))
            if b > 0:
                got = [step(a, b, m) for m in MODES]
                rows.append(['step', text(a), text(b)] +
                            [text(v) if MIN <= v <= MAX else '-'
                             for v in got])
    for _ in range(600):
        t = exchange_text(rng)
        rows.append(['text', t, ''] + each_mode(lambda: Decimal(t)))
    print('# core/money  from: python %d.%d decimal  seed: %d  tol: 0' %
          (*sys.version_info[:2], SEED))
    print('# operation,a,b,down,up,floor,ceil,half_up,half_even')
    for row in rows:
        print(','.join(row))


main()
