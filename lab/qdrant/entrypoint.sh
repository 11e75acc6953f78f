#!/bin/sh
# Says what it is, makes the storage folder usable or says why not, then answers.
set -eu

echo 'stand-in for Qdrant (course lab), REST on port 6333; it keeps no vectors'
mkdir -p storage/collections
# Qdrant writes this file at its first start too. A storage folder that cannot be written stops it.
[ -e storage/raft_state.json ] || echo '{}' >storage/raft_state.json
exec nginx -c /qdrant/nginx.conf -g 'daemon off;'
