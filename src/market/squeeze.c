#include "config.h"
#include <string.h>
#include <zstd.h>
#include "core/arena.h"
#include "market/squeeze.h"

#define LEVEL 3
#define HEAD 8

struct str squeeze(struct arena *out, const void *p, size_t n)
{
	size_t room = ZSTD_compressBound(n), z;
	char *buf = arena_alloc_raw(out, HEAD + room);

	for (size_t i = 0; i < HEAD; i++)
		buf[i] = (char)(unsigned char)(n >> (8 * i));
	z = ZSTD_compress(buf + HEAD, room, p, n, LEVEL);
	/* With room for the worst case nothing but memory can fail. */
	assert(!ZSTD_isError(z));
	return str_n(buf, HEAD + z);
}

int unsqueeze(struct arena *out, struct str data, size_t max, struct str *ret,
	      struct err *err)
{
	uint64_t n = 0;
	char *buf;
	size_t z;

	if (data.n < HEAD)
		return FAIL(err, E_IO, "squeezed data: %zu bytes only", data.n);
	for (size_t i = 0; i < HEAD; i++)
		n |= (uint64_t)(unsigned char)data.p[i] << (8 * i);
	if (n > max)
		return FAIL(err, E_IO, "squeezed data: says to hold %llu bytes",
			    (unsigned long long)n);
	/* The frame says it too: a damaged length is not believed. */
	if (ZSTD_getFrameContentSize(data.p + HEAD, data.n - HEAD) != n)
		return FAIL(err, E_IO, "squeezed data: its length is damaged");
	buf = arena_alloc_raw(out, (size_t)n + 1);
	z = ZSTD_decompress(buf, (size_t)n, data.p + HEAD, data.n - HEAD);
	if (ZSTD_isError(z) || z != n)
		return FAIL(err, E_IO, "squeezed data: %s",
			    ZSTD_isError(z) ? ZSTD_getErrorName(z) : "too short");
	buf[n] = '\0';
	*ret = str_n(buf, (size_t)n);
	return 0;
}
