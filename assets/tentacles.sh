#!/usr/bin/env bash
{% for line in head %}{{ line }}
{% endfor %}
set -euo pipefail

if [ -z "${{ '{'|safe }}{{ key }}:-}" ]; then
    echo "Nothing was run. Set {{ key }} to an API key of Octopus first." >&2
    exit 2
fi
# Tentacle itself need not inherit it.
export -n {{ key }}

# Where the package puts it; TENTACLE names another place, TENTACLE_INSTANCE another instance.
tentacle=${TENTACLE:-/opt/octopus/tentacle/Tentacle}
instance=${TENTACLE_INSTANCE:-Tentacle}
{% for node in nodes %}
{% if loop.first %}
# {{ node.name|safe }}, by which the Tentacle is registered. Skip it where that has been done: take the sign of the comment away where it
# has not, and fill in what stands between < and >.
# "$tentacle" register-with --instance "$instance" --server {{ node.server }} --apiKey "${{ key }}" \
#     --name '<name>' --environment '<environment>' --role '<role>' --comms-style TentacleActive \
#     --server-comms-address {{ node.comms() }} --server-comms-port {{ node.port|safe }}
{%- else %}
# {{ node.name|safe }}
"$tentacle" poll-server --instance "$instance" --server {{ node.server }} --apiKey "${{ key }}" \
    --server-comms-address {{ node.comms() }} --server-comms-port {{ node.port|safe }}
{%- endif %}
{% endfor %}
# From here on it polls all of them.
"$tentacle" service --instance "$instance" --restart

{% for line in tail %}{{ line }}
{% endfor -%}
