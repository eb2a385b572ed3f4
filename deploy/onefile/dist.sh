#!/bin/sh
# What `make dist` puts into dist/: a wheel, the sources, one file for who has a Python (.pyz), one for who has none.
#   sh deploy/onefile/dist.sh PYTHON      of the environment that requirements-dist.lock describes
set -eu
cd "$(dirname "$0")/../.."
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
PATH=$(dirname "$python"):$PATH
export PATH SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-315619200}"

rm -rf dist
"$python" -m build --no-isolation --outdir dist . > /dev/null
wheel=$(echo dist/*.whl)
version=$(echo "$wheel" | cut -d- -f2)
system=$("$python" -c 'import platform, sys; print(f"{sys.platform}-{platform.machine()}")')
tag=$("$python" -c 'import sys; print(f"py{sys.version_info.major}{sys.version_info.minor}")')

packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
"$python" -m pip install --quiet --disable-pip-version-check --no-compile --target "$packages" \
  --require-hashes --only-binary :all: -r requirements.lock
"$python" -m pip install --quiet --disable-pip-version-check --no-compile --target "$packages" --no-deps --no-index "$wheel"
rm -rf "${packages:?}/bin"
shiv --site-packages "$packages" --compressed --reproducible --entry-point kagami.__main__:main \
  --python "/usr/bin/env python3" --output-file "dist/kagami-$version-$tag-$system.pyz"

"$python" deploy/onefile/build.py "$wheel" requirements.lock "dist/kagami-$version-$system"

cd dist
sha256sum -- * > SHA256SUMS
ls -l
