#include "config.h"

#ifdef __x86_64__
# ifdef __clang__
#  pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw"))), apply_to = function)
# else
#  pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")
# endif
# define KERN	avx512
# define KERN_NAME "avx512"
# define VB	64
# define MR	4
# define NV	5
# include "ml/kern_body_i.h"
# ifdef __clang__
#  pragma clang attribute pop
# endif
#endif
