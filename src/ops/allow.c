#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/str.h"
#include "ops/ops.h"

/* An address as 16 bytes; IPv4 as ::ffff:a.b.c.d. */
static bool address_bytes(struct str s, unsigned char out[static 16],
			  bool *ret_v4)
{
	char text[64];

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	*ret_v4 = inet_pton(AF_INET, text, out + 12) == 1;
	if (*ret_v4 || inet_pton(AF_INET6, text, out) == 1)
		return true;
	return false;
}

static bool net_has(const char *net, const unsigned char addr[static 16])
{
	struct str rest = str_c(net), base;
	unsigned char n[16];
	uint64_t bits = 128;
	bool v4, slash;

	slash = strchr(net, '/') != NULL;
	if (!str_split(&rest, '/', &base) || !address_bytes(base, n, &v4))
		return false;
	if (slash) {
		if (!str_u64(rest, &bits) || bits > (v4 ? 32u : 128u))
			return false;
		bits += v4 ? 96 : 0;
	}
	for (unsigned i = 0; i < 16 && bits > 0; i++) {
		unsigned take = bits >= 8 ? 8 : (unsigned)bits;
		unsigned char mask = (unsigned char)(0xff << (8 - take));

		if (((n[i] ^ addr[i]) & mask) != 0)
			return false;
		bits -= take;
	}
	return true;
}

bool ops_address_allowed(const char *const *nets, size_t n, const char *address)
{
	unsigned char addr[16];
	bool v4;

	/* A client on a unix socket of nginx is on this host. */
	if (str_starts(str_c(address), "unix:"))
		address = "127.0.0.1";
	if (!address_bytes(str_c(address), addr, &v4))
		return false;
	for (size_t i = 0; i < n; i++)
		if (net_has(nets[i], addr))
			return true;
	return false;
}
