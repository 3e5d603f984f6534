#ifndef JSON_F64_I_H
#define JSON_F64_I_H
/* f64_i.h - the table of powers of ten between f64.c and its generator. */
#include "core/base.h"

#define F64_POW10_MIN (-292)
#define F64_POW10_MAX 324

struct pow10 { uint64_t hi, lo; };

extern const struct pow10 f64_pow10[F64_POW10_MAX - F64_POW10_MIN + 1];

#endif /* JSON_F64_I_H */
