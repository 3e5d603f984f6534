#ifndef MARKET_IMPORT_H
#define MARKET_IMPORT_H
/* import.h - candles out of files.
 *
 *	struct import im;
 *	import_init(&im, arena, TF_1H, "BTC", clock_ms(&clock_real));
 *	rc = import_file(&im, path, err);	as often as there are files
 *	rc = import_finish(&im, 0, err);	then im.rows are good to store
 *
 * The format is seen in the content, never in the name: CSV in its dialects
 * (also CryptoDataDownload's banner and both its orders), freqtrade's JSON,
 * zip archives of CSV (Binance Vision), and gzip around any of them.  Times
 * are seconds, ms, us or ns (by their size, row by row) or dates.  Decimals
 * are kept as they are written, to 18 places.
 *
 * Broken rows are noted with file and line and make import_finish() fail, so
 * nothing is half imported; what is only odd (gaps, equal rows twice, a candle
 * that is still open) is noted and harmless. */
#include "core/array.h"
#include "market/market.h"

#define IMPORT_FILE_MAX (2ULL << 30)	/* bytes, packed and unpacked */
#define IMPORT_NOTES_MAX 1000		/* kept; all are counted */

struct import_note {
	uint16_t file;			/* index in files */
	uint32_t line;			/* 0: of the file as a whole */
	bool broken;			/* else only odd */
	const char *what;
	char cell[28];			/* the text that is meant, or empty */
};

struct import_source {
	const char *name;		/* path, or "archive.zip:entry.csv" */
	const char *format;		/* "CSV" */
	const char *unit;		/* what is counted: "line", "row" */
	struct xcandle *rows;
	size_t n;
	bool newest_first;
};

struct import {
	struct arena *out;
	enum tf tf;			/* 0 until it is seen in the times */
	char base[ASSET_MAX + 1];	/* tells which volume is meant */
	int64_t now;			/* candles not closed by then stay out */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);	/* or NULL */
	void *progress_ctx;
	uint64_t bytes_done, bytes_now;
	uint64_t bytes_total;		/* of all files: the caller's */

	/* Filled by import_file() and import_finish(). */
	ARRAY(struct import_source) files;
	ARRAY(struct import_note) notes;
	uint64_t broken, duplicates, unfinished;
	uint64_t rounded;		/* numbers of more than 18 places */
	struct xcandle *rows;		/* ascending, without duplicates */
	size_t n;
	struct candle_gap *gaps;
	size_t n_gaps;
	unsigned price_decimals, volume_decimals;	/* most that occur */
};

void import_init(struct import *im, struct arena *out, enum tf tf,
		 const char *base, int64_t now);
/* -E_IO cannot be read, -E_MEDIA not a format we know, -E_TOOBIG */
MUST_CHECK int import_file(struct import *im, const char *path, struct err *err);
MUST_CHECK int import_bytes(struct import *im, const char *name,
			    const void *data, size_t n, struct err *err);
#define IMPORT_SKIP_BROKEN 1u	/* leave broken rows out and go on */
/* -E_INVAL: there are broken rows, or no rows at all, or bars of another
 * timeframe. */
MUST_CHECK int import_finish(struct import *im, unsigned flags, struct err *err);

#endif /* MARKET_IMPORT_H */
