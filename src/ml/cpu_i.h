#ifndef ML_CPU_I_H
#define ML_CPU_I_H
/* cpu_i.h - functions of trees compiled for wider vectors than the program.
 * Which one runs is asked of the processor; all give the same bits. */
#if defined(__x86_64__)
#define ML_X86 1
#define ML_AVX2 __attribute__((__target__("avx2")))
#define ML_AVX512 __attribute__((__target__("avx512f,avx512bw,avx512vl,avx512dq")))
#endif
#endif /* ML_CPU_I_H */
