#ifndef BT_HTML_H
#define BT_HTML_H
/* html.h - a run as one page that needs nothing else: no script, no font, no
 * network; its style is allowed by a hash in its own policy, its charts are
 * drawn with plain attributes, so that it looks right under any policy, in
 * print and in a mail.  The same run gives the same bytes. */
#include "bt/record.h"

struct bt_html_head {			/* texts may be NULL */
	const char *name, *market, *timeframe, *notes;
	const char *source;		/* the script; shown at the end */
};
/* The trades that are listed; the rest is in the CSV. */
#define BT_HTML_TRADES 500
void bt_html(struct sbuf *b, const struct bt_record *r,
	     const struct bt_html_head *h);

/* -- between its parts --------------------------------------------------- */
extern const char bt_html_style[];
extern const char bt_html_style_hash[];	/* base64 of its SHA-256 */
void html_text(struct sbuf *b, const char *s);	/* escaped; NULL: nothing */
void html_date(struct sbuf *b, int64_t ms);	/* 2025-01-31 */
void html_minute(struct sbuf *b, int64_t ms);	/* 2025-01-31 12:00 */

void svg_equity(struct sbuf *b, const struct bt_record *r);
void svg_drawdown(struct sbuf *b, const struct bt_record *r);
void svg_distribution(struct sbuf *b, const struct bt_record *r);
void svg_excursions(struct sbuf *b, const struct bt_record *r);

/* What a metric is called, how it is written and what it means; NULL when the
 * name is not known. */
enum metric_kind { METRIC_NUM, METRIC_MONEY, METRIC_RATIO, METRIC_COUNT };
struct metric_doc {
	const char *name, *label;
	enum metric_kind kind;
	const char *definition;
};
const struct metric_doc *metric_doc(bool freqtrade, struct str name);
void metric_text(struct sbuf *b, enum metric_kind kind, double v);

#endif /* BT_HTML_H */
