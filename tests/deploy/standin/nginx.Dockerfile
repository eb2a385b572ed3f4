FROM kagami-standin/debian:12
COPY nginx /usr/sbin/nginx
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN groupadd --gid 101 nginx && useradd --uid 101 --gid 101 --no-create-home nginx \
 && install -d /etc/nginx /var/log/nginx /var/cache/nginx && ln -s /usr/bin/busybox /usr/bin/wget
STOPSIGNAL SIGQUIT
EXPOSE 80
CMD ["nginx", "-g", "daemon off;"]
