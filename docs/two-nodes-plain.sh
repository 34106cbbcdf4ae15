#!/bin/sh
# The same cluster of two nodes by the questions of --plain, answered from a pipe: one answer a line, an empty line for what is offered.
set -eu
dir=$(mktemp -d "$PWD/two-nodes.XXXXXX")
export OCTOPUS_SETUP_STATE_DIR="$dir/state"

octopus-setup practice serve --data "$dir/server" --answers "$dir/server.toml" >"$dir/announcement.toml" &
server=$!
trap 'kill $server; wait $server; rm -rf "$dir"' EXIT
until [ -s "$dir/server.toml" ]; do kill -0 $server; sleep 0.1; done
address=$(sed -n 's/^server = "\(.*\)"$/\1/p' "$dir/server.toml")
login=$(sed -n 's/^user = "\(.*\)"$/\1/p' "$dir/server.toml")

# The machine: instance, home, name of the node, account of the service. The database: server, name, login, password; of what most
# people leave alone there, only the trust and its CA file. One root of what is shared, on this machine's own disk, which is warned of
# and accepted. Octopus Server: prefixes, its commands as a script, and for them no administrator and no licence yet. Then the plan is installed. Last, the new master key is saved to a file, and read back from there.
octopus-setup --plain first-node <<END
First
$dir/web01
web01
local-system
$address
OctopusDeploy
$login
$(cat "$dir/server/octopus-password.txt")
trust
ca-file
$dir/server/tls/ca.pem
root
$dir/shared
yes
http://localhost:8065/
hand-over
script



install
save
$dir/master-key.txt
END

# The second one is asked for the same, for the master key where the first one got it, and for its name, now that the cluster is
# known; not whether to create anything.
octopus-setup --plain join <<END
Second
$dir/web02
local-system
$address
OctopusDeploy
$login
$(cat "$dir/server/octopus-password.txt")
trust
ca-file
$dir/server/tls/ca.pem
$(cat "$dir/master-key.txt")
web02
5
http://localhost:8066/
hand-over
script
install
END

octopus-setup review --instance Second --check
