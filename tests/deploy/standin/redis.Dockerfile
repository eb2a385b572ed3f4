FROM kagami-standin/debian:12
COPY lib /opt/redis/lib
COPY redis-server redis-cli /usr/local/bin/
ENV LD_LIBRARY_PATH=/opt/redis/lib PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN groupadd --gid 1000 redis && useradd --uid 999 --gid 1000 --no-create-home redis && install -d -o 999 -g 1000 /data
VOLUME /data
WORKDIR /data
EXPOSE 6379
CMD ["redis-server"]
