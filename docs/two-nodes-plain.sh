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

# The machine: instance, home, name of the node, account of the service. The database: server, name, login, password, encryption,
# trust, CA file, whether to create it, multi-subnet. The web portal: prefixes, HTTPS by force, two ports. No administrator and no
# licence yet; one root of what is shared, on this machine's own disk, which is warned of and accepted; Octopus Server's commands
# as a script. Then the size of the key, and the plan is installed. Last, the new master key is saved to a file, and read back from
# there.
octopus-setup --plain first-node <<END
First
$dir/web01
web01
local-system
$address
OctopusDeploy
$login
$(cat "$dir/server/octopus-password.txt")
mandatory
ca-file
$dir/server/tls/ca.pem
yes
no
http://localhost:8065/
no
10943
8443




root
$dir/shared
yes
script

aes-256
install
save
$dir/master-key.txt
read
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
mandatory
ca-file
$dir/server/tls/ca.pem
no
$(cat "$dir/master-key.txt")
web02
5
http://localhost:8066/
no
10943
8443

script

install
END

octopus-setup review --instance Second --check
