#ifndef BT_PACK_H
#define BT_PACK_H
/* pack.h - columns and trades of a run as bytes for the database.
 *
 * A column is 64-bit values, each as its difference to the one before (whole
 * numbers) or the bits in which it differs (doubles), the bytes of one rank
 * together, then squeezed: to the bit what went in comes out. */
#include "bt/record.h"

struct pack_col {
	bool whole;			/* int64_t, else double */
	const void *v;
};
struct str pack_columns(struct arena *out, const struct pack_col *cols,
			size_t n_cols, size_t n);
/* ret_cols takes n_cols columns of *ret_n values, in the order and of the
 * kinds they were packed as.  -E_IO when that is not what the bytes are. */
#define PACK_ROWS_MAX ((size_t)1 << 20)
MUST_CHECK int unpack_columns(struct arena *out, struct str data,
			      const bool *whole, size_t n_cols,
			      void **ret_cols, size_t *ret_n, struct err *err);

struct str pack_trades(struct arena *out, const struct bt_trade *v, size_t n,
		       size_t n_plots);
/* Numbered from `first` on. */
MUST_CHECK int unpack_trades(struct arena *out, struct str data, size_t n_plots,
			     uint64_t first, struct bt_trade **ret,
			     size_t *ret_n, struct err *err);

#endif /* BT_PACK_H */
