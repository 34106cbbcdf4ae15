#Requires -Version 5.1
{% for line in head %}{{ line }}
{% endfor %}
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2

# Where the installer puts it; OCTOPUS_SERVER names another place.
$server = 'C:\Program Files\Octopus Deploy\Octopus\Octopus.Server.exe'
if ($env:OCTOPUS_SERVER) { $server = $env:OCTOPUS_SERVER }
if (-not (Test-Path -LiteralPath $server -PathType Leaf)) {
    throw "Nothing was run. There is no $server; set OCTOPUS_SERVER to the path of Octopus.Server.exe."
}
{% if !needed.0.is_empty() %}
$missing = @(@({{ needed }}) | Where-Object { -not [Environment]::GetEnvironmentVariable($_) })
if ($missing.Count -gt 0) {
    throw "Nothing was run. Set these environment variables first: $($missing -join ', ')."
}
{% endif %}
# One argument, so that a Windows program reads it back as it is. Windows PowerShell 5.1 loses double quotes, and later
# versions do not, so neither is left to do this by itself: backslashes before a double quote are doubled, and so are those
# at the end, which the closing quote follows.
function Protect-Argument([string]$Text) {
    '"' + (($Text -replace '(\\*)"', '$1$1\"') -replace '(\\+)\z', '$1$1') + '"'
}

# Runs Octopus Server and stops the script where that fails.
function Invoke-Octopus([string[]]$Arguments, [hashtable]$Environment = @{ }) {
    $start = New-Object System.Diagnostics.ProcessStartInfo
    $start.FileName = $server
    $start.Arguments = @($Arguments | ForEach-Object { Protect-Argument $_ }) -join ' '
    $start.UseShellExecute = $false
    # The script itself reads these; Octopus Server need not inherit them.
    foreach ($name in @({{ secrets }})) { $start.EnvironmentVariables.Remove($name) }
    foreach ($name in $Environment.Keys) { $start.EnvironmentVariables[$name] = $Environment[$name] }
    $process = [System.Diagnostics.Process]::Start($start)
    $process.WaitForExit()
    if ($process.ExitCode -ne 0) {
        throw "Octopus.Server $($Arguments[0]) ended with status $($process.ExitCode). Nothing after it was run."
    }
}
{% if awaits %}
# Waits until the node answers its load balancer by 200. While it starts, nothing answers; 418 says that it is draining.
# Windows PowerShell cannot be told plainly to take any certificate of this machine's own: there, one that is not trusted
# is answer enough.
function Wait-Node([string]$Url) {
    $more = @{ }
    if ($PSVersionTable.PSVersion.Major -ge 6) { $more = @{ SkipCertificateCheck = $true; NoProxy = $true } }
    $until = (Get-Date).AddMinutes(5)
    while ($true) {
        try {
            $answer = Invoke-WebRequest -Uri $Url -UseBasicParsing -TimeoutSec 10 @more
            if ($answer.StatusCode -eq 200) { return }
        } catch [System.Net.WebException] {
            if ($_.Exception.Status -eq [System.Net.WebExceptionStatus]::TrustFailure) { return }
        } catch { $null = $_ }
        if ((Get-Date) -ge $until) {
            throw "$Url did not answer 200 within five minutes. Nothing after it was run."
        }
        Start-Sleep -Seconds 2
    }
}
{% endif %}{% for command in commands %}
# {{ command.why }}
Invoke-Octopus @(
    '{{ command.verb }}'
{%- for option in command.options %},
    '{{ option.flag }}'
{%- if let Some(parts) = option.value %}, {% if parts.len() > 1 %}({% endif %}{% for part in parts %}{% if !loop.first %} + {% endif %}{% match part %}{% when TemplatePart::Text with (text) %}{{ text.as_str() }}{% when TemplatePart::Expression with (expression) %}{{ expression }}{% endmatch %}{% endfor %}{% if parts.len() > 1 %}){% endif %}{% endif %}
{%- endfor %}
)
{%- if let Some((name, part)) = command.environment %} @{ {{ name }} = {% match part %}{% when TemplatePart::Text with (text) %}{{ text.as_str() }}{% when TemplatePart::Expression with (expression) %}{{ expression }}{% endmatch %} }{% endif %}
{% if let Some((url, _)) = command.awaits %}
# The node takes tasks only once it is in.
Wait-Node {{ url.as_str() }}
{% endif %}{% endfor %}
