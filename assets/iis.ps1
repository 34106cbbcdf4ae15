#Requires -Version 5.1
#Requires -RunAsAdministrator
#Requires -Modules WebAdministration
{% for line in head %}{{ line }}
{% endfor %}#
# It needs URL Rewrite 2 (https://www.iis.net/downloads/microsoft/url-rewrite) and Application Request Routing 3
# (https://www.iis.net/downloads/microsoft/application-request-routing) on this machine, and the role service WebSocket Protocol.
#
# Polling Tentacles and gRPC do NOT go through IIS: it cannot pass a TCP port through. Let Tentacles reach every node at its own
# address (octopus-setup tentacles --scheme own), or put nginx, HAProxy or a firewall's port forwarding in front of that port.
#
# Run again, it sets everything anew, and removes nothing but the server farm of this name.

$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2
Import-Module WebAdministration

$root = 'MACHINE/WEBROOT/APPHOST'
$name = 'octopus'
$farm = "webFarms/webFarm[@name='$name']"
$folder = Join-Path $env:SystemDrive 'inetpub\octopus'

foreach ($module in 'RewriteModule', 'ApplicationRequestRouting') {
    if (-not (Get-WebGlobalModule -Name $module)) {
        throw "Nothing was changed. IIS has no module $module; install URL Rewrite 2 and Application Request Routing 3 first."
    }
}

# The server farm.
if (Get-WebConfigurationProperty -PSPath $root -Filter $farm -Name 'name' -ErrorAction SilentlyContinue) {
    Clear-WebConfiguration -PSPath $root -Filter $farm
}
Add-WebConfigurationProperty -PSPath $root -Filter 'webFarms' -Name '.' -Value @{ name = $name }
{%- for node in nodes %}

# {{ node.name|safe }}
Add-WebConfigurationProperty -PSPath $root -Filter $farm -Name '.' -Value @{ address = {{ node.host }} }
Set-WebConfigurationProperty -PSPath $root -Filter "$farm/server[@address='$({{ node.host }})']/applicationRequestRouting" `
    -Name '{% if node.secure %}httpsPort{% else %}httpPort{% endif %}' -Value {{ node.port|safe }}
{%- endfor %}

$routing = "$farm/applicationRequestRouting"
function Set-Routing([string]$Element, [string]$Key, $Value) {
    Set-WebConfigurationProperty -PSPath $root -Filter "$routing/$Element" -Name $Key -Value $Value
}
# In turn.
Set-Routing 'loadBalancing' 'algorithm' 'WeightedRoundRobin'
Set-Routing 'affinity' 'useCookie' ${% if front.sticky %}true{% else %}false{% endif %}
# 200 takes requests, 418 is drained, anything else is gone. The host in the URL stands for each server of the farm.
Set-Routing 'healthCheck' 'url' ('{% if secure %}https{% else %}http{% endif %}://' + $name + {{ ping }})
Set-Routing 'healthCheck' 'interval' '00:00:05'
Set-Routing 'healthCheck' 'timeout' '00:00:05'
Set-Routing 'healthCheck' 'statusCodeMatch' '200'
Set-Routing 'healthCheck' 'responseMatch' ''
# An hour for slow connections: packages (POST /api/[SPACE-ID]/packages/raw) are gigabytes.
Set-Routing 'protocol' 'timeout' '01:00:00'
# Octopus sees the name that people asked for, and who they are.
Set-Routing 'protocol' 'preserveHostHeader' $true
Set-Routing 'protocol' 'reverseRewriteHostInResponseHeaders' $false
Set-Routing 'protocol' 'xForwardedForHeaderName' 'X-Forwarded-For'
Set-Routing 'protocol' 'includePortInXForwardedFor' $false
# Answers are passed on while they come in.
Set-Routing 'protocol' 'minResponseBuffer' 0
Set-Routing 'protocol' 'responseBufferLimit' 0
# Nothing that Octopus answers is kept for somebody else.
Set-Routing 'protocol/cache' 'enabled' $false

# The site that listens. Its folder stays empty.
New-Item -ItemType Directory -Force -Path $folder | Out-Null
if (-not (Test-Path "IIS:\AppPools\$name")) { New-WebAppPool -Name $name | Out-Null }
# A pool that sleeps loses what it knows of the nodes' health.
Set-ItemProperty "IIS:\AppPools\$name" -Name processModel.idleTimeout -Value ([TimeSpan]::Zero)
Set-ItemProperty "IIS:\AppPools\$name" -Name recycling.periodicRestart.time -Value ([TimeSpan]::Zero)
$binding = @{
    Name = $name
    PhysicalPath = $folder
    ApplicationPool = $name
    IPAddress = {{ address }}
    Port = {{ port }}
    HostHeader = {{ name }}
}
if (-not (Get-Website | Where-Object { $_.Name -eq $name })) {
    New-Website @binding{% if tls %} -Ssl{% endif %} | Out-Null
}
{%- if tls %}
# IIS takes certificates from the machine's store, not from files: import yours (Import-PfxCertificate -CertStoreLocation
# Cert:\LocalMachine\My), and set its thumbprint in OCTOPUS_CERTIFICATE_THUMBPRINT.
if (-not $env:OCTOPUS_CERTIFICATE_THUMBPRINT) {
    throw 'The site has no certificate yet: set OCTOPUS_CERTIFICATE_THUMBPRINT, and run this again.'
}
(Get-WebBinding -Name $name -Protocol https).AddSslCertificate($env:OCTOPUS_CERTIFICATE_THUMBPRINT, 'My')
{%- endif %}

# The largest body that IIS can be told to take: 4 GB less a byte. Larger packages go to a node directly.
Set-WebConfigurationProperty -PSPath $root -Location $name -Filter 'system.webServer/security/requestFiltering/requestLimits' `
    -Name 'maxAllowedContentLength' -Value 4294967295
# Octopus' paths may hold what IIS would take for a double escape.
Set-WebConfigurationProperty -PSPath $root -Location $name -Filter 'system.webServer/security/requestFiltering' `
    -Name 'allowDoubleEscaping' -Value $true
Set-WebConfigurationProperty -PSPath $root -Filter 'system.applicationHost/webLimits' -Name 'connectionTimeout' -Value '01:00:00'

# Everything that this site gets goes to the farm.
foreach ($variable in 'HTTP_X_FORWARDED_PROTO', 'HTTP_X_FORWARDED_HOST') {
    $allowed = 'system.webServer/rewrite/allowedServerVariables'
    if (-not (Get-WebConfiguration -PSPath $root -Location $name -Filter "$allowed/add[@name='$variable']")) {
        Add-WebConfigurationProperty -PSPath $root -Location $name -Filter $allowed -Name '.' -Value @{ name = $variable }
    }
}
$site = "$root/$name"
$rule = "system.webServer/rewrite/rules/rule[@name='$name']"
if (Get-WebConfigurationProperty -PSPath $site -Filter $rule -Name 'name' -ErrorAction SilentlyContinue) {
    Clear-WebConfiguration -PSPath $site -Filter $rule
}
Add-WebConfigurationProperty -PSPath $site -Filter 'system.webServer/rewrite/rules' -Name '.' `
    -Value @{ name = $name; patternSyntax = 'ECMAScript'; stopProcessing = $true }
Set-WebConfigurationProperty -PSPath $site -Filter "$rule/match" -Name 'url' -Value '(.*)'
Set-WebConfigurationProperty -PSPath $site -Filter "$rule/action" -Name 'type' -Value 'Rewrite'
Set-WebConfigurationProperty -PSPath $site -Filter "$rule/action" -Name 'url' -Value ('{% if secure %}https{% else %}http{% endif %}://' + $name + '/{R:1}')
Add-WebConfigurationProperty -PSPath $site -Filter "$rule/serverVariables" -Name '.' `
    -Value @{ name = 'HTTP_X_FORWARDED_PROTO'; value = '{% if tls %}https{% else %}http{% endif %}' }
Add-WebConfigurationProperty -PSPath $site -Filter "$rule/serverVariables" -Name '.' `
    -Value @{ name = 'HTTP_X_FORWARDED_HOST'; value = '{HTTP_HOST}' }

# Until ARR is a proxy at all, nothing goes anywhere.
Set-WebConfigurationProperty -PSPath $root -Filter 'system.webServer/proxy' -Name 'enabled' -Value $true
Write-Output "The server farm $name is there; look at Server Farms in IIS Manager for the health of its nodes."
