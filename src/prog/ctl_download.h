#ifndef PROG_CTL_DOWNLOAD_H
#define PROG_CTL_DOWNLOAD_H
/* ctl_download.h - orchctl candles download. */
struct ctl;

int ctl_download(struct ctl *c);

#endif /* PROG_CTL_DOWNLOAD_H */
