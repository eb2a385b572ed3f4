#!/bin/sh
# What `make build`, `up`, `down`, `status` and `clean` run: compose with the settings of deploy/$STAGE.env.
#   SCALE=1      with the replicas of the profile `scale`
#   VOLUMES=1    down and clean delete the volumes too, and with them everything that was stored
set -eu
cd "$(dirname "$0")/.."

give_up() {
  printf '%s\n' "$@" >&2
  exit 1
}

look_for_docker() {
  command -v docker > /dev/null || give_up "Docker is not here." \
    "Install Docker Engine: https://docs.docker.com/engine/install/ (Debian and Ubuntu: apt-get install docker.io)"
  docker compose version > /dev/null 2>&1 || give_up "Docker is here, but not its plugin compose." \
    "Install it: https://docs.docker.com/compose/install/linux/ (apt-get install docker-compose-plugin)"
  docker info > /dev/null 2>&1 || give_up "Docker's engine does not answer, or you may not ask it." \
    "Start it (systemctl start docker), or join its group: usermod -aG docker $(id -un), then log in again"
}

compose() {
  docker compose --env-file "deploy/$STAGE.env" ${SCALE:+--profile scale} "$@"
}

scaled() {
  SCALE=1
  compose "$@"
}

build() {
  compose build kagami
}

up() {
  sh deploy/secrets.sh
  docker image inspect "$KAGAMI_IMAGE" > /dev/null 2>&1 || build
  compose up --detach --wait --wait-timeout 180 --remove-orphans || {
    compose ps --all
    give_up "Not everything is healthy. What was said: docker compose logs --tail 50"
  }
  [ -n "$SCALE" ] || retire
  addresses
}

# Compose leaves the replicas of an earlier SCALE=1 where they are: half a cluster, of an older version perhaps.
retire() {
  if [ -n "$(scaled ps --all --quiet gateway worker)" ]; then
    echo "Without SCALE=1 the replicas go: what they had is the first engine's now."
    # A replica's own folder is a volume without a name.
    scaled rm --stop --force --volumes gateway worker
  fi
}

addresses() {
  host=localhost
  echo
  echo "console  http://$host:$(port nginx 10000)   (admin, and the password in ${SECRETS:-deploy/secrets}/admin_password)"
  echo "API      http://$host:$(port nginx 8080)/api/v1"
  echo "NapCat   http://$host:$(port napcat 6099)/webui   (the token in ${SECRETS:-deploy/secrets}/napcat_token)"
  echo "OneBot   ws://$host:$(port nginx 3001)/onebot/v11/ws   (the token in ${SECRETS:-deploy/secrets}/gateway_token)"
}

port() {
  found=$(compose port "$1" "$2" 2> /dev/null) || found=:-
  echo "${found##*:}"
}

status() {
  SCALE=1
  if [ -z "$(compose ps --all --quiet)" ]; then
    echo "Nothing of the stack $STACK is here. Start it with: make up"
    return
  fi
  compose ps --all --format 'table {{.Name}}\t{{.Status}}\t{{.Image}}\t{{.Ports}}'
  if [ -n "$(compose ps --quiet --status running kagami)" ]; then
    echo
    compose exec -T kagami kagami health || true
  fi
  addresses
}

down() {
  retire > /dev/null 2>&1
  scaled down --remove-orphans ${VOLUMES:+--volumes}
  tell_volumes
}

tell_volumes() {
  kept=$(docker volume ls --quiet --filter "label=com.docker.compose.project=$STACK")
  [ -z "$kept" ] || echo "These volumes stay, with everything that was stored; VOLUMES=1 deletes them: $(echo "$kept" | tr '\n' ' ')"
}

# Part of `make clean`, which is also for who has no Docker.
clean() {
  if ! command -v docker > /dev/null || ! docker info > /dev/null 2>&1 || ! docker compose version > /dev/null 2>&1; then
    return
  fi
  if [ -n "$(docker ps --all --quiet --filter "label=com.docker.compose.project=$STACK")${VOLUMES:-}" ]; then
    down
  fi
  docker image rm "$KAGAMI_IMAGE" > /dev/null 2>&1 || true
  tell_volumes
}

STAGE=${STAGE:-prod}
[ -f "deploy/$STAGE.env" ] || give_up "There is no deploy/$STAGE.env: STAGE is prod or dev."
KAGAMI_VERSION=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' kagami/__init__.py)
KAGAMI_REVISION=$(git rev-parse --short HEAD 2> /dev/null || echo unknown)
KAGAMI_IMAGE=${KAGAMI_IMAGE:-kagami:$KAGAMI_VERSION}
STACK=${STACK:-kagami}
SCALE=${SCALE:-}
VOLUMES=${VOLUMES:-}
export KAGAMI_VERSION KAGAMI_REVISION KAGAMI_IMAGE STACK

case ${1:-} in
  build | up | down | status) look_for_docker && "$1" ;;
  clean) clean ;;
  *) give_up "usage: deploy/compose.sh build|up|down|status|clean" ;;
esac
