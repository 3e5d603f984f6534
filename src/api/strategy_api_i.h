#ifndef API_STRATEGY_API_I_H
#define API_STRATEGY_API_I_H
/* strategy_api_i.h - what the areas about scripts and their runs share. */
#include "api/api_i.h"
#include "script/script.h"

#define SOURCE_BODY_MAX (600u * 1024)	/* JSON of a script of the largest size */

extern const struct schema sc_input, sc_diag;
void diags_json(struct jw *w, const struct diags *d);	/* the array */
/* inputs: of a program, or [] when there is none. */
void inputs_json(struct jw *w, const struct script_prog *p);

/* -- h_preview.c -- */
/* A trade and a plot of a backtest, as bt/record.h writes them. */
extern const struct schema sc_backtest_trade, sc_plot_column;
void column_json(struct jw *w, const char *key, const double *v, size_t n);
void times_json(struct jw *w, const char *key, const int64_t *t, size_t n);

#endif /* API_STRATEGY_API_I_H */
