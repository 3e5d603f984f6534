#include "config.h"

#ifdef __x86_64__
# ifdef __clang__
#  pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
# else
#  pragma GCC target("avx2")
# endif
# define KERN	avx2
# define KERN_NAME "avx2"
# define VB	32
# define MR	4
# define NV	3
# include "ml/kern_body_i.h"
# ifdef __clang__
#  pragma clang attribute pop
# endif
#endif
