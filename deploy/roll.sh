#!/bin/sh
# Rolls the replicas of a service to the image and settings of now without a gap: as many new ones beside the old, all of
# them healthy, then the old ones are told to stop (SIGTERM: they end what they handle) and go.
#   deploy/roll.sh gateway && deploy/roll.sh worker
# For services without a folder of their own that lasts; `kagami` has one, which only one engine may hold at a time.
set -eu
cd "$(dirname "$0")/.."
service=${1:?usage: deploy/roll.sh gateway|worker}
STAGE=${STAGE:-prod}
PATIENCE=${PATIENCE:-120}

compose() {
  docker compose --env-file "deploy/$STAGE.env" --profile scale "$@"
}

fail() {
  echo "$1" >&2
  for each in $2; do
    docker rm --force --volumes "$each" > /dev/null
  done
  exit 1
}

# The containers of now that are not among those of before.
newer() {
  for each in $(compose ps --quiet "$service"); do
    case " $old " in *" $each "*) ;; *) echo "$each" ;; esac
  done
}

healthy() {
  [ "$(docker inspect --format '{{.State.Health.Status}}' "$1" 2> /dev/null)" = healthy ]
}

[ "$service" != kagami ] || fail "kagami holds its own volume: make build up replaces it, and the bots come back." ""
old=$(compose ps --quiet "$service" | tr '\n' ' ')
count=$(echo "$old" | wc -w)
[ "$count" -gt 0 ] || fail "No replica of $service runs. Start them with: make up SCALE=1" ""

echo "$service: $count more beside $count"
compose up --detach --no-deps --no-recreate --scale "$service=$((count * 2))" "$service" || fail "They did not start." "$(newer)"
new=$(newer)
waited=0
for each in $new; do
  until healthy "$each"; do
    [ "$waited" -lt "$PATIENCE" ] || fail "A new one is not healthy after $PATIENCE s; the old ones go on: docker logs $each" "$new"
    sleep 1
    waited=$((waited + 1))
  done
done
for each in $old; do
  echo "$service: $(docker inspect --format '{{.Name}}' "$each" | tr -d /) ends what it handles"
  docker stop --time 45 "$each" > /dev/null
  docker rm --volumes "$each" > /dev/null
done
echo "$service: $count new, none old"
