#ifndef MARKET_IMPORT_I_H
#define MARKET_IMPORT_I_H
/* import_i.h - inside of the importers. */
#include "market/import.h"

void import_note(struct import *im, size_t file, uint32_t line, bool broken,
		 const char *what, struct str cell);
/* A new source; its rows have room for `room` candles. */
size_t import_source_add(struct import *im, const char *name, const char *format,
			 const char *unit, size_t room);
/* One row, as text: checked and kept, or noted as broken. */
enum import_cell { CELL_T, CELL_O, CELL_H, CELL_L, CELL_C, CELL_V, CELL__N };
void import_row(struct import *im, size_t file, uint32_t line,
		const struct str cells[static CELL__N]);
/* Tells how far we are in the file at hand; cheap enough for every thousandth row. */
void import_step(struct import *im, size_t done, size_t of);

MUST_CHECK int import_csv(struct import *im, const char *name, struct str text,
			  struct err *err);
MUST_CHECK int import_json(struct import *im, const char *name, struct str text,
			   struct err *err);

/* ---- archives ---- */
MUST_CHECK int gzip_unpack(struct arena *out, struct str data, struct str *ret,
			   struct err *err);
struct zip_entry { char *name; struct str data; };
/* The files of an archive, unpacked and checked against their CRC. */
MUST_CHECK int zip_unpack(struct arena *out, struct str data,
			  struct zip_entry **ret, size_t *ret_n, struct err *err);

#endif /* MARKET_IMPORT_I_H */
