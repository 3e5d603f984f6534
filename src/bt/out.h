#ifndef BT_OUT_H
#define BT_OUT_H
/* out.h - inside src/bt: how reports write numbers and CSV fields. */
#include "core/str.h"
#include "json/json.h"

/* To 15 digits, without an exponent: what a double knows of a decimal, less
 * the noise of arithmetic (47035.2, not 47035.200000000004). */
#define PLAIN_MAX 360
size_t out_plain(char buf[static PLAIN_MAX], double v);
/* A price or an amount: text in JSON, so that who reads it decides about
 * digits; null when it is not defined. */
void out_amount(struct jw *w, const char *key, double v);
/* Sums of money: 8 decimals at most, no zeros behind. */
size_t out_money(char buf[static PLAIN_MAX], double v);
void out_money_json(struct jw *w, const char *key, double v);
void out_money_num(struct sbuf *b, double v);
/* ",value", empty when it is not defined. */
void out_num(struct sbuf *b, double v);
/* ",text"; what a spreadsheet would take for a formula, or what holds a comma
 * or a quote, is quoted.  NULL: empty. */
void out_text(struct sbuf *b, const char *s);

#endif /* BT_OUT_H */
