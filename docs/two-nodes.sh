#!/bin/sh
# A cluster of two nodes, set up by a script: here on a practice server, with everything in one folder.
set -eu
dir=$(mktemp -d "$PWD/two-nodes.XXXXXX")
export OCTOPUS_SETUP_STATE_DIR="$dir/state"

octopus-setup practice serve --data "$dir/server" --answers "$dir/server.toml" >"$dir/announcement.toml" &
server=$!
trap 'kill $server; wait $server; rm -rf "$dir"' EXIT
until [ -s "$dir/server.toml" ]; do kill -0 $server; sleep 0.1; done

cat >"$dir/first.toml" <<END
flow = "first-node"
instance = "First"
node-name = "web01"
home = "$dir/web01"
listen-prefixes = "http://localhost:8065/"
key-file = "$dir/master-key.txt"
storage = "root"
storage-root = "$dir/shared"
END

cat >"$dir/second.toml" <<END
flow = "join"
instance = "Second"
node-name = "web02"
home = "$dir/web02"
listen-prefixes = "http://localhost:8066/"
master-key = { file = "master-key.txt" }
END

# What is shared here is on its own disk.
octopus-setup first-node --answers "$dir/server.toml" --answers "$dir/first.toml" --yes --accept storage-disk
octopus-setup join --answers "$dir/server.toml" --answers "$dir/second.toml" --yes
octopus-setup review --instance Second --check
