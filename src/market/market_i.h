#ifndef MARKET_MARKET_I_H
#define MARKET_MARKET_I_H
/* market_i.h - what the files of this module share. */
#include "market/market.h"

/* Integers up to here are exact as doubles. */
#define DEC_EXACT_MAX (1LL << 53)
extern const int64_t dec_pow10[19];
MUST_CHECK bool dec_rescale(int64_t m, unsigned d, unsigned to, int64_t *ret);

/* ---- block codec ------------------------------------------------------ *
 *
 * The first byte names the layout; the number of candles stands in the row.
 * Numbers are of variable length: 7 bits a byte, the lowest first, the top
 * bit says that more follow; signed ones are zigzagged.  Column after column:
 *
 * 'd'  decimals of the prices, decimals of the volume (a byte each); second
 *      difference of t; close less the close before; open less the close
 *      before; high less the larger of open and close; the smaller of them
 *      less low; volume.  All in units of 10^-decimals, modulo 2^64.
 * 'w'  when no common unit fits 64 bits: second difference of t, then for
 *      each of o h l c v the decimals (a byte per candle) and the mantissas.
 * 'D', 'W'  a zstd frame of the rest of 'd', 'w': where it saves an eighth. */
#define BLOCK_CANDLES 4096
#define BLOCK_BYTES_MAX (1u << 20)	/* no honest block is larger */

/* As candles_alloc(), and nothing is zeroed. */
void candles_alloc_raw(struct arena *out, struct candles *ret, size_t n);

/* A block of n candles, 1 <= n <= BLOCK_CANDLES, ascending; in `out`. */
struct str block_encode(struct arena *out, const struct xcandle *x, size_t n);
/* Working memory for decoding, used for block after block. */
struct block_room;
struct block_room *block_room(struct arena *out) NONNULL_RET;
/* Into rows [at, at + n) of cs, which has room for them.  -E_BUG: these bytes
 * are no such block. */
MUST_CHECK int block_decode(struct block_room *room, struct str data, size_t n,
			    struct candles *cs, size_t at, struct err *err);
MUST_CHECK int block_decode_exact(struct block_room *room, struct str data,
				  size_t n, struct xcandle *x, struct err *err);

/* ---- rows of the database ---- */
/* A row of t, o, h, l, c, v. */
MUST_CHECK int tail_row(const struct rows *r, size_t row, struct xcandle *ret,
			struct err *err);
/* Rows of t0, n, data and rows of the tail, both ascending. */
MUST_CHECK int exact_rows(struct arena *out, const struct rows *blocks,
			  const struct rows *tail, int64_t from, int64_t to,
			  struct xcandle **ret, size_t *ret_n, struct err *err);

#endif /* MARKET_MARKET_I_H */
