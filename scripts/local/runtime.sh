#!/bin/sh
# Miniflare starts this in workerd's place. It leaves its number in a file, then becomes workerd: after a `kill -9` of the
# server that is the only way to know which process was left behind.
[ -z "$EDGEWISE_RUNTIME_PID_FILE" ] || echo $$ >"$EDGEWISE_RUNTIME_PID_FILE"
exec "$EDGEWISE_RUNTIME" "$@"
