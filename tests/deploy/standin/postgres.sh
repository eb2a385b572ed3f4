#!/bin/sh
# As the official image's entry point: makes the cluster at the first start, then becomes the server.
set -eu
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=${POSTGRES_PASSWORD:-$(cat "$POSTGRES_PASSWORD_FILE")}
  printf '%s\n' "$password" > /tmp/password
  # shellcheck disable=SC2086 # several words
  initdb --username "$POSTGRES_USER" --pwfile /tmp/password --auth-local trust --auth-host scram-sha-256 --encoding UTF8 \
    ${POSTGRES_INITDB_ARGS:-} > /dev/null
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl --wait --silent --options "-c listen_addresses= -c unix_socket_directories=/tmp" start > /dev/null
  createdb --host /tmp --username "$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl --wait --silent stop > /dev/null
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/run/postgresql
