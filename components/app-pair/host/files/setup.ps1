# First boot of an application server on Windows; may run again at any time.
$ErrorActionPreference = 'Stop'
$settings = @{}
foreach ($line in Get-Content "$PSScriptRoot\host.env") {
    $name, $value = $line -split '=', 2
    $settings[$name] = $value.Trim('"')
}
$app = $settings['APP_DIRECTORY'].Replace('/', '\')
$node = "$PSScriptRoot\node\node.exe"

function Invoke-Program([string] $Program, [string[]] $Arguments, [int[]] $Allowed = @(0)) {
    & $Program @Arguments | Out-Host
    if ($Allowed -notcontains $LASTEXITCODE) {
        throw "$Program $Arguments ended with $LASTEXITCODE"
    }
}

# The system account has no alias for winget, which runs in its own folder.
$installed = -1978335189, -1978335135
$winget = Get-ChildItem 'C:\Program Files\WindowsApps\Microsoft.DesktopAppInstaller_*_x64__*\winget.exe' |
    Sort-Object -Property LastWriteTime |
    Select-Object -Last 1
if ($null -eq $winget) {
    throw 'winget is not there: use an image of Windows Server 2025 with desktop experience'
}
Push-Location $winget.DirectoryName
foreach ($package in $settings['PACKAGES'] -split ' ') {
    $options = '--exact', '--scope', 'machine', '--source', 'winget', '--silent', '--disable-interactivity'
    $terms = '--accept-package-agreements', '--accept-source-agreements'
    Invoke-Program $winget.FullName (@('install', '--id', $package) + $options + $terms) (@(0) + $installed)
}
Pop-Location

# A package is an installer or an archive; either way its programs are reached by one path.
$places = "C:\Program Files\WinGet\Packages\OpenJS.NodeJS.$($settings['NODE_MAJOR'])_*", 'C:\Program Files\nodejs'
$found = Get-ChildItem -Path $places -Filter node.exe -Recurse -ErrorAction SilentlyContinue | Select-Object -First 1
if (-not (Test-Path $node)) {
    New-Item -ItemType Junction -Path "$PSScriptRoot\node" -Target $found.DirectoryName | Out-Null
}
if (-not (Test-Path "$PSScriptRoot\shawl.exe")) {
    $places = 'C:\Program Files\WinGet\Packages\mtkennerly.shawl_*'
    $shawl = Get-ChildItem -Path $places -Filter shawl.exe -Recurse | Select-Object -First 1
    Copy-Item $shawl.FullName "$PSScriptRoot\shawl.exe"
}
if ($settings['DATABASE_CA_URL'] -ne '') {
    Invoke-WebRequest -UseBasicParsing -Uri $settings['DATABASE_CA_URL'] -OutFile "$PSScriptRoot\database-ca.pem"
}

# Each service has an account of its own, without a password and without rights.
function Set-OwnService([string] $Name, [string] $Title, [string] $Command, [string] $Passed) {
    $log = "$app\log"
    $binary = "$PSScriptRoot\shawl.exe run --name $Name --no-restart --pass $Passed --stop-timeout 30000 --log-dir $log $Command"
    if ($null -eq (Get-Service $Name -ErrorAction SilentlyContinue)) {
        Invoke-Program sc.exe @('create', $Name, 'binPath=', $binary, 'start=', 'demand')
    }
    $account = 'obj=', "NT SERVICE\$Name", 'DisplayName=', $Title
    Invoke-Program sc.exe (@('config', $Name, 'binPath=', $binary, 'start=', 'demand') + $account)
}
New-Item -ItemType Directory -Force -Path "$app\log", "$app\releases", "$PSScriptRoot\work" | Out-Null
$trust = "--env NODE_EXTRA_CA_CERTS=$PSScriptRoot\database-ca.pem"
$environment = "--env-file=$app\.env"
# A process that was asked to end by Ctrl-C ends with this code.
$interrupted = -1073741510
Set-OwnService 'minusnow' 'MinusNow ITSM Platform' "--cwd $app $trust -- $node $environment dist/index.cjs" "0,$interrupted"
Set-OwnService 'minusnow-work' 'MinusNow: builds releases' "-- $node $PSScriptRoot\work.mjs" '0'
$again = 'restart/10000'
Invoke-Program sc.exe @('failure', 'minusnow', 'reset=', '86400', 'actions=', "$again/$again/$again")
Invoke-Program sc.exe @('failureflag', 'minusnow', '1')

$administrators = '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F'
foreach ($folder in $app, $PSScriptRoot) {
    $readers = 'NT SERVICE\minusnow:(OI)(CI)RX', 'NT SERVICE\minusnow-work:(OI)(CI)RX'
    Invoke-Program icacls.exe (@($folder, '/inheritance:r', '/grant:r') + $administrators + $readers + '/Q')
}
foreach ($account in 'minusnow', 'minusnow-work') {
    Invoke-Program icacls.exe @("$app\log", '/grant', "NT SERVICE\${account}:(OI)(CI)M", '/Q')
}
Invoke-Program icacls.exe @("$PSScriptRoot\work", '/grant', 'NT SERVICE\minusnow-work:(OI)(CI)M', '/Q')

# Users come through the balancer; the machine's credentials are neither the application's nor those of what releases bring.
Get-NetFirewallRule -Name 'minusnow-*' -ErrorAction SilentlyContinue | Remove-NetFirewallRule
$application = @{ DisplayName = 'MinusNow'; Direction = 'Inbound'; Action = 'Allow'; Protocol = 'TCP' }
New-NetFirewallRule -Name 'minusnow-app' @application -LocalPort $settings['APP_PORT'] | Out-Null
foreach ($account in 'minusnow', 'minusnow-work') {
    $principal = New-Object -TypeName System.Security.Principal.NTAccount -ArgumentList "NT SERVICE\$account"
    $sid = $principal.Translate([System.Security.Principal.SecurityIdentifier]).Value
    $metadata = @{ DisplayName = "MinusNow: no credentials for $account"; Direction = 'Outbound'; Action = 'Block' }
    $only = @{ RemoteAddress = '169.254.169.254'; LocalUser = "D:(A;;CC;;;$sid)" }
    New-NetFirewallRule -Name "minusnow-metadata-$account" @metadata @only | Out-Null
}
if ($null -ne (Get-Service sshd -ErrorAction SilentlyContinue)) {
    Stop-Service sshd -Force
    Set-Service sshd -StartupType Disabled
}

$start = "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File $PSScriptRoot\start.ps1"
$task = @{
    TaskName  = 'MinusNow'
    Action    = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument $start
    Trigger   = New-ScheduledTaskTrigger -AtStartup
    Principal = New-ScheduledTaskPrincipal -UserId 'NT AUTHORITY\SYSTEM' -LogonType ServiceAccount -RunLevel Highest
    Settings  = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero)
}
Register-ScheduledTask @task -Force | Out-Null
& "$PSScriptRoot\start.ps1"

# A release that cannot be installed is not tried for ever: whoever releases the next one reaches a machine that has booted.
foreach ($attempt in 1, 2, 3) {
    & $node "$PSScriptRoot\release.mjs" first | Out-Host
    if ($LASTEXITCODE -eq 0) {
        break
    }
    Start-Sleep -Seconds 20
}
New-Item -ItemType File -Force -Path "$PSScriptRoot\booted" | Out-Null
