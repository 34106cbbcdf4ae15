#!/usr/bin/env bash
{% for line in head %}{{ line }}
{% endfor %}
set -euo pipefail
{% if !needed.0.is_empty() %}
missing=
for name in {{ needed }}; do
    [ -n "${!name:-}" ] || missing="$missing $name"
done
if [ -n "$missing" ]; then
    echo "Nothing was run. Set these environment variables first:$missing." >&2
    exit 2
fi
{% endif %}
# The script reads these itself; what it runs need not inherit them.
export -n {{ secrets }}

# Documented for Linux is only its place in the container image.
server=${OCTOPUS_SERVER:-}
if [ -z "$server" ] && [ -x /Octopus/Octopus.Server ]; then
    server=/Octopus/Octopus.Server
fi
if [ -z "$server" ]; then
    server=$(command -v Octopus.Server || true)
fi
if [ -z "$server" ]; then
    echo "Nothing was run. Octopus.Server is neither in /Octopus nor on the PATH; set OCTOPUS_SERVER to its path." >&2
    exit 2
fi

{% if awaits %}
if ! command -v curl >/dev/null; then
    echo "Nothing was run. curl, by which the node is asked whether it is in, is not on the PATH." >&2
    exit 2
fi

# Waits until the node answers its load balancer by 200. While it starts, nothing answers; 418 says that it is draining.
# This machine is asked by the name that the prefix has, and which certificate it shows does not matter here.
await_node() {
    local status=000 until=$((SECONDS + 300))
    while true; do
        status=$(curl -gks -o /dev/null -w '%{http_code}' --noproxy '*' --max-time 10 --connect-to "::$2:" "$1" || true)
        if [ "$status" = 200 ]; then
            return
        fi
        if [ "$SECONDS" -ge "$until" ]; then
            echo "$1 did not answer 200 within five minutes; the last status was $status. Nothing after it was run." >&2
            exit 1
        fi
        sleep 2
    done
}
{% endif %}
# A double quote in a password stands twice in a connection string.
quote='"'
{% for command in commands %}
# {{ command.why }}
{% if let Some((name, part)) = command.environment %}{{ name }}={% match part %}{% when TemplatePart::Text with (text) %}{{ text.as_str() }}{% when TemplatePart::Expression with (expression) %}{{ expression }}{% endmatch %} {% endif %}"$server" {{ command.verb }}
{%- for option in command.options %} \
    {{ option.flag }}
{%- if let Some(parts) = option.value %} {% for part in parts %}{% match part %}{% when TemplatePart::Text with (text) %}{{ text.as_str() }}{% when TemplatePart::Expression with (expression) %}{{ expression }}{% endmatch %}{% endfor %}{% endif %}
{%- endfor %}
{% if let Some((url, dial)) = command.awaits %}
# The node takes tasks only once it is in.
await_node {{ url.as_str() }} {{ dial.as_str() }}
{% endif %}{% endfor %}
