# Templates that orchctl nginx fills in from the settings.
nginxdir = $(pkgdatadir)/nginx
dist_nginx_DATA = nginx/nginx.conf.in nginx/api.conf.in
