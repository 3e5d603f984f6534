#include "config.h"

#include <string.h>

#include "core/hash.h"
#include "core/rand.h"

struct sip { uint64_t v0, v1, v2, v3; };

static inline uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

static inline void rounds(struct sip *s, int n)
{
	while (n-- > 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 = rotl(s->v0, 32) + s->v3;
		s->v2 += s->v1;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v2 = rotl(s->v2, 32);
	}
}

static inline uint64_t load_le(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static inline uint64_t siphash(struct hash_key key, const void *data, size_t n,
			       int c, int d)
{
	const unsigned char *p = data;
	struct sip s = {
		key.k[0] ^ UINT64_C(0x736f6d6570736575),
		key.k[1] ^ UINT64_C(0x646f72616e646f6d),
		key.k[0] ^ UINT64_C(0x6c7967656e657261),
		key.k[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t m;

	for (size_t i = 0; i < n / 8; i++, p += 8) {
		m = load_le(p, 8);
		s.v3 ^= m;
		rounds(&s, c);
		s.v0 ^= m;
	}
	m = (uint64_t)n << 56 | load_le(p, n % 8);
	s.v3 ^= m;
	rounds(&s, c);
	s.v0 ^= m;
	s.v2 ^= 0xff;
	rounds(&s, d);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t siphash13(struct hash_key key, const void *data, size_t n)
{
	return siphash(key, data, n, 1, 3);
}

uint64_t siphash24(struct hash_key key, const void *data, size_t n)
{
	return siphash(key, data, n, 2, 4);
}

struct hash_key hash_process_key(void)
{
	/* Not const: drawn at first use, then never written again. */
	static struct hash_key key;
	static bool drawn;

	if (!drawn) {
		rand_secret(&key, sizeof(key));
		drawn = true;
	}
	return key;
}
