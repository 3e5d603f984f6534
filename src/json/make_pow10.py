#!/usr/bin/env python3
"""Writes pow10.c: for k from -292 to 324 the 128 highest bits of 10^k, rounded
up, which is what the shortest-digits algorithm in f64.c multiplies with.

usage: make_pow10.py > pow10.c
"""
from fractions import Fraction

LO, HI = -292, 324


def top128(k):
    """g with 2^127 <= g < 2^128 and g = ceil(10^k / 2^r) for a suitable r."""
    r = ((k * 1741647) >> 19) - 127      # floor(log2(10^k)) - 127
    v = Fraction(10) ** k / Fraction(2) ** r
    g = -(-v.numerator // v.denominator)
    assert 1 << 127 <= g < 1 << 128, k
    return g


print('''/* Made by make_pow10.py; see there. */
#include "config.h"

#include "json/f64_i.h"

const struct pow10 f64_pow10[F64_POW10_MAX - F64_POW10_MIN + 1] = {''')
for k in range(LO, HI + 1):
    g = top128(k)
    print('\t{ 0x%016x, 0x%016x },' % (g >> 64, g & ((1 << 64) - 1)))
print('};')
