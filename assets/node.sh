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

# A double quote in a password stands twice in a connection string.
quote='"'
{% for command in commands %}
{% for line in command.before %}# {{ line }}
{% endfor %}{% if !command.before.is_empty() %}
{% endif %}# {{ command.why }}
{% if let Some((name, shard)) = command.environment %}{{ name }}={% match shard %}{% when Shard::Text with (text) %}{{ text.as_str() }}{% when Shard::Expression with (expression) %}{{ expression }}{% endmatch %} {% endif %}"$server" {{ command.verb }}
{%- for option in command.options %} \
    {{ option.flag }}
{%- if let Some(shards) = option.value %} {% for shard in shards %}{% match shard %}{% when Shard::Text with (text) %}{{ text.as_str() }}{% when Shard::Expression with (expression) %}{{ expression }}{% endmatch %}{% endfor %}{% endif %}
{%- endfor %}
{% endfor %}
