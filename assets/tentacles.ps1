#Requires -Version 5.1
{% for line in head %}{{ line }}
{% endfor %}
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2

if (-not $env:{{ key }}) {
    throw 'Nothing was run. Set {{ key }} to an API key of Octopus first.'
}

# Where the installer puts it; TENTACLE names another place, TENTACLE_INSTANCE another instance.
$tentacle = 'C:\Program Files\Octopus Deploy\Tentacle\Tentacle.exe'
if ($env:TENTACLE) { $tentacle = $env:TENTACLE }
$instance = 'Tentacle'
if ($env:TENTACLE_INSTANCE) { $instance = $env:TENTACLE_INSTANCE }

# Runs Tentacle and stops the script where that fails.
function Invoke-Tentacle {
    & $tentacle @args
    if ($LASTEXITCODE -ne 0) {
        throw "Tentacle $($args[0]) ended with status $LASTEXITCODE. Nothing after it was run."
    }
}
{% for node in nodes %}
{% if loop.first %}
# {{ node.name|safe }}, by which the Tentacle is registered. Skip it where that has been done: take the sign of the comment away where it
# has not, and fill in what stands between < and >.
# Invoke-Tentacle 'register-with' '--instance' $instance '--server' {{ node.server }} '--apiKey' $env:{{ key }} `
#     '--name' '<name>' '--environment' '<environment>' '--role' '<role>' '--comms-style' 'TentacleActive' `
#     '--server-comms-address' {{ node.comms() }} '--server-comms-port' '{{ node.port|safe }}'
{%- else %}
# {{ node.name|safe }}
Invoke-Tentacle 'poll-server' '--instance' $instance '--server' {{ node.server }} '--apiKey' $env:{{ key }} `
    '--server-comms-address' {{ node.comms() }} '--server-comms-port' '{{ node.port|safe }}'
{%- endif %}
{% endfor %}
# From here on it polls all of them.
Invoke-Tentacle 'service' '--instance' $instance '--restart'

{% for line in tail %}{{ line }}
{% endfor -%}
