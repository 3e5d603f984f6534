#include "config.h"

#include <string.h>

#include "api/param.h"

/* check (4 bytes), a (8), b (8), big-endian: 20 bytes, 27 characters. */
#define RAW 20
#define TEXT 27

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put64(unsigned char *p, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (unsigned char)v;
}

static uint64_t get64(const unsigned char *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* Not a secret: it keeps one list from taking another's cursor and an edited
 * one from being read as a place it never was. */
static uint32_t check(uint32_t salt, const unsigned char *p)
{
	uint32_t h = 2166136261u ^ salt;

	for (int i = 4; i < RAW; i++)
		h = (h ^ p[i]) * 16777619u;
	return h ^ h >> 15;
}

const char *cursor_text(struct arena *out, uint32_t salt, int64_t a, int64_t b)
{
	unsigned char raw[RAW + 1] = { 0 };
	char *text = arena_alloc(out, TEXT + 1);
	uint32_t c;

	put64(raw + 4, (uint64_t)a);
	put64(raw + 12, (uint64_t)b);
	c = check(salt, raw);
	for (int i = 3; i >= 0; i--, c >>= 8)
		raw[i] = (unsigned char)c;
	for (size_t i = 0; i < TEXT; i++) {
		size_t bit = i * 6;
		unsigned two = (unsigned)raw[bit / 8] << 8 | raw[bit / 8 + 1];

		text[i] = alphabet[two >> (10 - bit % 8) & 63];
	}
	return text;
}

bool cursor_parse(struct str s, uint32_t salt, struct cursor *ret)
{
	unsigned char raw[RAW + 1] = { 0 };
	uint32_t c = 0;

	if (s.n != TEXT)
		return false;
	for (size_t i = 0; i < TEXT; i++) {
		const char *at = s.p[i] != '\0' ? strchr(alphabet, s.p[i]) : NULL;
		size_t bit = i * 6;
		unsigned two;

		if (at == NULL)
			return false;
		two = (unsigned)(at - alphabet) << (10 - bit % 8);
		raw[bit / 8] |= (unsigned char)(two >> 8);
		raw[bit / 8 + 1] |= (unsigned char)two;
	}
	for (int i = 0; i < 4; i++)
		c = c << 8 | raw[i];
	/* The last character has two bits to spare: only one spelling. */
	if (raw[RAW] != 0 || c != check(salt, raw))
		return false;
	ret->set = true;
	ret->a = (int64_t)get64(raw + 4);
	ret->b = (int64_t)get64(raw + 12);
	return true;
}
