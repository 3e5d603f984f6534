#ifndef ML_FILE_I_H
#define ML_FILE_I_H
/* file_i.h - the safetensors container: named tensors and named texts.
 *
 * 8 bytes, the header's length n (little endian); n bytes of JSON; the tensors'
 * bytes without a hole.  Ours begin at multiples of 64: the header is filled
 * up with spaces, and what lies between tensors are tensors "pad.N", so that
 * any reader of the format reads the file.
 *
 * The first text of __metadata__ is "sha256": of the whole file, with 64 zeros
 * in its own place. */
#include "core/err.h"
#include "core/str.h"
#include "json/json.h"
#include "ml/feature.h"
#include "ml/model.h"

#define ML_HEADER_MAX ((size_t)16 << 20)

struct ml_text { const char *key, *value; };

struct ml_file {
	const struct json *meta;	/* an object of strings; NULL: none */
	size_t n;
	struct ml_tensor *tensor;	/* in the order of their bytes; no pads */
	char sum[ML_HASH_HEX + 1];	/* "" when there is none */
};

/* Bytes of a file with these; text and tensors as given. */
void ml_container_write(struct arena *out, const struct ml_text *text, size_t n_text,
			const struct ml_tensor *t, size_t n, const void **ret,
			size_t *ret_n);
/* Put the sum of such bytes in its place; false: there is none for it. */
bool ml_container_sign(void *bytes, size_t n);
#define ML_OURS 1u	/* the sum must be there and right, tensors aligned */
/* Tensors point into `bytes`, or (not aligned) into `out`. */
MUST_CHECK int ml_container_read(struct arena *out, const void *bytes, size_t n,
				 unsigned flags, struct ml_file *ret,
				 struct err *err);
/* A text of the metadata; NULL: not there. */
const char *ml_file_text(const struct ml_file *f, const char *key);

/* Read-only for as long as `out` lives. */
MUST_CHECK int ml_file_map(struct arena *out, const char *path, const void **ret,
			   size_t *ret_n, struct err *err);

#endif /* ML_FILE_I_H */
