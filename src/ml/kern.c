#include "config.h"

#include <string.h>
#ifdef __SSE2__
# include <xmmintrin.h>
#endif

#include "ml/kern_i.h"

#define FTZ_DAZ 0x8040u

/* The kernels in use: chosen once by what the processor has, or by a test. */
static const struct ml_kern *chosen;

/* The compiler's builtin asks the processor, and whether the kernel saves the
 * registers. */
static bool has(const struct ml_kern *k)
{
#if defined(__x86_64__) && !defined(ML_REAL_DOUBLE)
	__builtin_cpu_init();
	if (k == &ml_kern_avx512)
		return __builtin_cpu_supports("avx512f") &&
		       __builtin_cpu_supports("avx512dq") &&
		       __builtin_cpu_supports("avx512vl") &&
		       __builtin_cpu_supports("avx512bw");
	if (k == &ml_kern_avx2)
		return __builtin_cpu_supports("avx2");
#endif
	return k == &ml_kern_portable;
}

static const struct ml_kern *const kerns[] = {
#if defined(__x86_64__) && !defined(ML_REAL_DOUBLE)
	&ml_kern_avx512, &ml_kern_avx2,
#endif
	&ml_kern_portable,
};

const struct ml_kern *ml_kern(void)
{
	for (size_t i = 0; chosen == NULL; i++)
		if (has(kerns[i]))
			chosen = kerns[i];
	return chosen;
}

const char *ml_kern_name(void)
{
	return ml_kern()->name;
}

bool ml_kern_force(const char *name)
{
	if (name == NULL) {
		chosen = NULL;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(kerns); i++) {
		if (strcmp(kerns[i]->name, name) == 0 && has(kerns[i])) {
			chosen = kerns[i];
			return true;
		}
	}
	return false;
}

unsigned kern_enter(void)
{
#ifdef __SSE2__
	unsigned before = _mm_getcsr();

	_mm_setcsr(before | FTZ_DAZ);
	return before;
#else
	return 0;
#endif
}

void kern_leave(unsigned before)
{
#ifdef __SSE2__
	_mm_setcsr(before);
#else
	(void)before;
#endif
}
