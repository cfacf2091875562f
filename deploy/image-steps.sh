#!/usr/bin/env bash
# Runs the Dockerfile's steps without Docker: what .dockerignore lets in goes into a temporary folder, its RUN lines are run
# there, what the second stage copies goes into another, and what lies there then is started and asked whether it lives.
# It shows that the image's files suffice; it shows nothing of the base image, its user or its health check.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/build" "$work/app" "$work/data"

sed -n 's/^!//p' .dockerignore | while read -r name; do cp -R "$name" "$work/build/"; done
sed -n '/ AS build$/,/^FROM node[^ ]*$/s/^RUN //p' deploy/Dockerfile | while read -r step; do
  echo "build: $step"
  (cd "$work/build" && bash -ec "$step" </dev/null >&2)
done
sed -n 's/^COPY --from=build \/build\/\([^ ]*\) .*/\1/p' deploy/Dockerfile | while read -r name; do
  cp -R "$work/build/$name" "$work/app/"
done

cd "$work/app"
NODE_ENV=production TOUCHPOINT_DATA_DIR="$work/data" TOUCHPOINT_PORT=0 \
  node dist/cli/main.js start --log-level info >"$work/out" 2>"$work/log" &
daemon=$!
for _ in $(seq 600); do
  port=$(sed -n 's/.*"port":\([0-9]*\).*"daemon is up".*/\1/p' "$work/log" | head -n 1)
  [ -z "$port" ] || break
  kill -0 "$daemon" || { cat "$work/log" >&2; exit 1; }
  sleep 0.5
done
live=$(node -e "fetch('http://127.0.0.1:$port/health/live').then((r) => r.text()).then(console.log)")
for _ in $(seq 600); do
  grep -q '^tagged and embedded' "$work/out" && break
  sleep 0.5
done
kill -TERM "$daemon"
wait "$daemon"
daemon=
echo "health: $live"
grep '^tagged and embedded' "$work/out"
echo "size: $(du -sm "$work/app" | cut -f1) MB without the base image"
