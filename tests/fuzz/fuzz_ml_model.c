#include "config.h"

#include <math.h>

#include "fuzz.h"
#include "ml/file_i.h"
#include "ml/ml.h"

/* A model file is signed by nobody who must be trusted: what is broken in it
 * is put under a right checksum and must be refused, or be a model that
 * answers. */

static void ask(struct arena *a, const struct ml_model *m)
{
	struct ml_prediction p;
	struct ml_eye *e;
	struct err err;
	float *raw;

	if (ml_eye_new(a, m, ML_KNOWN_BOOK, &e, &err) < 0)
		return;
	raw = NEW_N(a, float, (size_t)m->spec.shape.window * m->spec.shape.features);
	if (ml_eye_ask_raw(e, raw, true, &p, &err) < 0) {
		promise("a refusal has its sentence", err.msg[0] != '\0');
		return;
	}
	for (size_t k = 0; k < ML_ACTIONS; k++)
		promise("a probability is one", isfinite(p.p[k]));
	promise("reasons are few", p.n_reasons <= ML_REASONS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)4 << 30);
	char *bytes = arena_alloc(a, size + 1);
	struct ml_model *m;
	struct ml_file f;
	struct err err;

	if (size > 1 << 20) {
		arena_free(&a);
		return 0;
	}
	memcpy(bytes, data, size);
	if (ml_container_sign(bytes, size) && ml_model_parse(a, bytes, size, &m, &err) == 0)
		ask(a, m);
	if (ml_container_read(a, data, size, 0, &f, &err) == 0)
		for (size_t i = 0; i < f.n; i++)
			promise("a tensor lies in the file or beside it",
				ml_tensor_len(&f.tensor[i]) <= size);
	arena_free(&a);
	return 0;
}
