#!/bin/sh
# Makes the secrets of the stack in deploy/secrets, or in the folder $SECRETS, strong and each once; what is there already stays.
# Compose mounts these files as they are, so their mode on this machine counts inside: the folder is its owner's alone,
# the files may be read by whatever user a container runs as.
set -eu
folder=${SECRETS:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

keep() {
  [ -s "$folder/$1" ] && return
  od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' > "$folder/.$1"
  chmod 444 "$folder/.$1"
  mv "$folder/.$1" "$folder/$1"
  echo "made $folder/$1"
}

for name in db_password redis_password cluster_secret jwt_secret admin_password gateway_token napcat_token onebot_token; do
  keep "$name"
done

# The first configuration: NapCat beside Kagami is its first bot. Kagami dials it, so that of several gateways the one that
# has the account has the connection. Kagami writes the file on when an operator changes something.
if [ ! -s "$folder/kagami.toml" ]; then
  cat > "$folder/.kagami.toml" <<END
[[bots]]
kind = "napcat"
name = "napcat"
url = "ws://napcat:3001"
token = "$(cat "$folder/onebot_token")"
webui_url = "http://napcat:6099"
webui_token = "$(cat "$folder/napcat_token")"
END
  chmod 444 "$folder/.kagami.toml"
  mv "$folder/.kagami.toml" "$folder/kagami.toml"
fi
