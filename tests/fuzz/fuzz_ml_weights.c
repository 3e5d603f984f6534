#include "config.h"

#include "fuzz.h"
#include "ml/ml.h"

/* Weights from elsewhere: what is taken is a model file that is read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)4 << 30);
	struct ml_model *m;
	const void *bytes;
	struct err err;
	size_t n;

	if (ml_import(a, (const char *)data, size, NULL, 0, &bytes, &n, &err) == 0) {
		if (ml_model_parse(a, bytes, n, &m, &err) < 0)
			promise(err.msg, false);
	} else {
		promise("a refusal has its sentence", err.msg[0] != '\0');
	}
	arena_free(&a);
	return 0;
}
