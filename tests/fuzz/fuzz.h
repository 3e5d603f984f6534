#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H
/* fuzz.h - a fuzz target is one file with the function below.
 *
 *	tests/fuzz/fuzz_x.c		the target; it aborts when a promise breaks
 *	tests/fuzz/corpus/x/		its seeds: a file for each input
 *	tests/fuzz/local.mk		three lines, see there
 *
 * In an ordinary build the program replays its corpus in `make check`.  With
 * --enable-fuzz (clang; add --enable-asan) it is driven by libFuzzer:
 * `make fuzz FUZZ_SECONDS=60` runs all of them; inputs worth keeping go into
 * the corpus. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert() that also says which promise of the target it was. */
#define promise(what, cond) do {					\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: broken promise: %s\n",		\
			__FILE__, __LINE__, (what));			\
		abort();						\
	}								\
} while (0)

#endif
