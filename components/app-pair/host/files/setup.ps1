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

# winget runs outside its package here, where Microsoft's C++ runtime is not beside it.
function Install-Runtime {
    $installer = "$PSScriptRoot\vc_redist.x64.exe"
    Invoke-WebRequest -UseBasicParsing -Uri 'https://aka.ms/vs/17/release/vc_redist.x64.exe' -OutFile $installer
    $signature = Get-AuthenticodeSignature $installer
    if ($signature.Status -ne 'Valid' -or $signature.SignerCertificate.Subject -notmatch 'O=Microsoft Corporation') {
        throw 'the C++ runtime is not signed by Microsoft'
    }
    $setup = Start-Process -FilePath $installer -ArgumentList '/install /quiet /norestart' -Wait -PassThru
    if (@(0, 1638, 3010) -notcontains $setup.ExitCode) {
        throw "the C++ runtime ended with $($setup.ExitCode)"
    }
}

# The system account has no alias for winget.
function Install-Package([string] $Package) {
    $winget = Get-Item 'C:\Program Files\WindowsApps\Microsoft.DesktopAppInstaller_*_x64__*\winget.exe' |
        Sort-Object -Property LastWriteTime |
        Select-Object -Last 1
    if ($null -eq $winget) {
        throw 'winget is not there: use an image of Windows Server 2025 with desktop experience'
    }
    Install-Runtime
    $options = '--exact', '--scope', 'machine', '--source', 'winget', '--silent', '--disable-interactivity'
    $terms = '--accept-package-agreements', '--accept-source-agreements'
    # Installed already, in this or a newer version.
    $present = -1978335189, -1978335135
    Invoke-Program $winget.FullName (@('install', '--id', $Package) + $options + $terms) (@(0) + $present)
}

# An image may have it; a package is an installer or an archive.
function Get-Program([string] $Package, [string[]] $Places) {
    $found = Get-Item -Path $Places -ErrorAction SilentlyContinue | Select-Object -First 1
    if ($null -eq $found) {
        Install-Package $Package
        $found = Get-Item -Path $Places -ErrorAction SilentlyContinue | Select-Object -First 1
    }
    if ($null -eq $found) {
        throw "$Package is installed and in none of $Places"
    }
    $found
}

if (-not (Test-Path $node)) {
    $package = "OpenJS.NodeJS.$($settings['NODE_MAJOR'])"
    $places = "C:\Program Files\WinGet\Packages\${package}_*\*\node.exe", 'C:\Program Files\nodejs\node.exe'
    $found = Get-Program $package $places
    New-Item -ItemType Junction -Path "$PSScriptRoot\node" -Target $found.DirectoryName | Out-Null
}
if (-not (Test-Path "$PSScriptRoot\shawl.exe")) {
    $found = Get-Program 'mtkennerly.shawl' 'C:\Program Files\WinGet\Packages\mtkennerly.shawl_*\shawl.exe'
    Copy-Item $found.FullName "$PSScriptRoot\shawl.exe"
}
if ($settings.ContainsKey('CLI_PACKAGE')) {
    Get-Program $settings['CLI_PACKAGE'] "$($settings['CLI_FOLDER'])\*.exe" | Out-Null
}
if ($settings.ContainsKey('NAMES_DOMAIN')) {
    $rule = ".$($settings['NAMES_DOMAIN'])"
    Get-DnsClientNrptRule | Where-Object { $_.Namespace -contains $rule } | Remove-DnsClientNrptRule -Force
    Add-DnsClientNrptRule -Namespace $rule -NameServers ($settings['NAMES_SERVERS'] -split ',')
}
if ($settings['DATABASE_CA_URL'] -ne '') {
    Invoke-WebRequest -UseBasicParsing -Uri $settings['DATABASE_CA_URL'] -OutFile "$PSScriptRoot\database-ca.pem"
}

# Each service has an account of its own, without a password and without rights.
function Set-OwnService([string] $Name, [string] $Title, [string] $Options, [string] $Command) {
    $logs = "--log-dir $app\log\$Name --log-rotate daily --log-retain 30"
    $binary = "$PSScriptRoot\shawl.exe run --name $Name --kill-process-tree $logs $Options -- $node $Command"
    New-Item -ItemType Directory -Force -Path "$app\log\$Name" | Out-Null
    if ($null -eq (Get-Service $Name -ErrorAction SilentlyContinue)) {
        Invoke-Program sc.exe @('create', $Name, 'binPath=', $binary, 'start=', 'demand')
    }
    $account = 'obj=', "NT SERVICE\$Name", 'DisplayName=', $Title
    Invoke-Program sc.exe (@('config', $Name, 'binPath=', $binary, 'start=', 'demand') + $account)
}
$trust = "--env NODE_EXTRA_CA_CERTS=$PSScriptRoot\database-ca.pem"
# A process that was asked to end by Ctrl-C ends with the second of these.
$always = '--restart --restart-delay 10000 --stop-timeout 30000 --pass 0,-1073741510'
Set-OwnService 'minusnow' 'MinusNow ITSM Platform' "--cwd $app $trust $always" "--env-file=$app\.env dist/index.cjs"
Set-OwnService 'minusnow-work' 'MinusNow: builds releases' '--no-restart' "$PSScriptRoot\work.mjs"
Invoke-Program sc.exe @('failure', 'minusnow', 'reset=', '86400', 'actions=', 'restart/10000')

# What an account may do beside administrators, in a folder or with a file.
function Set-Access([string] $Path, [string] $Form, [string[]] $Others) {
    $administrators = "*S-1-5-18:${Form}F", "*S-1-5-32-544:${Form}F"
    Invoke-Program icacls.exe (@($Path, '/inheritance:r', '/grant:r') + $administrators + $Others + '/Q')
}
$below = '(OI)(CI)'
New-Item -ItemType Directory -Force -Path "$app\releases" | Out-Null
foreach ($folder in $app, $PSScriptRoot) {
    Set-Access $folder $below @("NT SERVICE\minusnow:${below}RX", "NT SERVICE\minusnow-work:${below}RX")
}
foreach ($account in 'minusnow', 'minusnow-work') {
    Set-Access "$app\log\$account" $below @("NT SERVICE\${account}:${below}M")
}
# The worker is told by a file that it may read, and answers in one that it may write and not replace.
foreach ($file in 'work.json', 'result.json') {
    if (-not (Test-Path "$PSScriptRoot\$file")) {
        New-Item -ItemType File -Path "$PSScriptRoot\$file" | Out-Null
    }
}
Set-Access "$PSScriptRoot\work.json" '' @('NT SERVICE\minusnow-work:R')
Set-Access "$PSScriptRoot\result.json" '' @('NT SERVICE\minusnow-work:(R,W)')

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
