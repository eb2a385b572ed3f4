#!/bin/sh
# Kagami @VERSION@ in one file: this text, and behind it the archive of an interpreter with everything that it needs.
#
# The first start unpacks it into a folder of your cache, of which KAGAMI_UNPACKED is another; later ones only run it.
set -eu
mark=@MARK@
file=$(readlink -f "$0")
place=${KAGAMI_UNPACKED:-${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}}
[ -n "$place" ] || { echo "kagami: there is no HOME. Name a folder of yours with KAGAMI_UNPACKED." >&2; exit 1; }
[ -n "${KAGAMI_UNPACKED:-}" ] || place=$place/kagami
here=$place/$mark

unpack() {
  umask 077
  mkdir -p "$place"
  draft=$(mktemp -d "$place/.unpacking.XXXXXX")
  trap 'rm -rf "$draft"' EXIT
  trap 'exit 1' HUP INT TERM
  tail -n +@LINES@ "$file" | tar -xzf - -C "$draft"
  # Whole, or not there; where another start was faster, its folder is as good.
  mv "$draft" "$here" 2> /dev/null || [ -x "$here/bin/python3" ]
  rm -rf "$draft" "${here:?}/${draft##*/}"
  trap - EXIT HUP INT TERM
}

# What others have put there is not started. (`-O` is no POSIX, but every shell that is a /bin/sh has it.)
# shellcheck disable=SC3067
[ ! -e "$here" ] || [ -O "$here" ] || { echo "kagami: $here is not yours. Name a folder with KAGAMI_UNPACKED." >&2; exit 1; }
[ -x "$here/bin/python3" ] || unpack || {
  echo "kagami: it cannot be unpacked into $place. Name another folder with KAGAMI_UNPACKED." >&2
  exit 1
}
# Systems keep the certificates that they trust in different places.
if [ -z "${SSL_CERT_FILE:-}${SSL_CERT_DIR:-}" ]; then
  for certificates in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    [ ! -e "$certificates" ] || { export SSL_CERT_FILE="$certificates"; break; }
  done
fi
export KAGAMI_FILE="$file"
exec "$here/bin/python3" -I -m kagami "$@"
# What follows is no text.
