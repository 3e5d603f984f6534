#ifndef CORE_SHA256_H
#define CORE_SHA256_H
/* sha256.h - FIPS 180-4, for checksums of files and lists.  What guards
 * secrets is src/auth's business. */
#include "core/base.h"

struct sha256 { uint32_t h[8]; uint64_t len; unsigned char buf[64]; };

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t n);
void sha256_end(struct sha256 *s, unsigned char ret[static 32]);
/* The whole at once, as 64 hex digits and a NUL. */
void sha256_hex(const void *data, size_t n, char ret[static 65]);

#endif /* CORE_SHA256_H */
