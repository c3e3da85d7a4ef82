# Runs at every start of the machine: maps the shared directories, however long the file server takes to answer, assembles
# the environment file, and starts the application.
$ErrorActionPreference = 'Stop'
$node = "$PSScriptRoot\node\node.exe"

function Connect-Share([string] $Share) {
    $login = & $node "$PSScriptRoot\storage.mjs" | ConvertFrom-Json
    $password = ConvertTo-SecureString -String $login.password -AsPlainText -Force
    $user = $login.username
    $credential = New-Object -TypeName System.Management.Automation.PSCredential -ArgumentList $user, $password
    New-SmbGlobalMapping -RemotePath $Share -Credential $credential -RequirePrivacy $true | Out-Null
}

foreach ($line in Get-Content "$PSScriptRoot\mounts") {
    $remote, $local = ($line -split ' ')[0..1]
    $share = ($remote -split '\\')[0..3] -join '\'
    while (-not (Test-Path $remote -ErrorAction SilentlyContinue)) {
        try {
            if (-not (Test-Path $share -ErrorAction SilentlyContinue)) {
                if ($null -ne (Get-SmbGlobalMapping -RemotePath $share -ErrorAction SilentlyContinue)) {
                    Remove-SmbGlobalMapping -RemotePath $share -Force
                }
                Connect-Share $share
            }
            # A folder of a share, where not each has a share of its own.
            if ($remote -ne $share) {
                New-Item -ItemType Directory -Force -Path $remote | Out-Null
            }
        } catch {
            Write-Warning "${remote}: $_"
        }
        Start-Sleep -Seconds 2
    }
    if ($null -eq (Get-Item $local -Force -ErrorAction SilentlyContinue)) {
        New-Item -ItemType SymbolicLink -Path $local -Target $remote | Out-Null
    }
}

while ($true) {
    & $node "$PSScriptRoot\environment.mjs" | Out-Host
    if ($LASTEXITCODE -eq 0) {
        break
    }
    Start-Sleep -Seconds 10
}
$app = (Get-Content "$PSScriptRoot\host.env" | Where-Object { $_ -like 'APP_DIRECTORY=*' }) -replace '^APP_DIRECTORY=', ''
while (Test-Path "$app\dist") {
    try {
        Start-Service minusnow
        break
    } catch {
        Write-Warning $_
        Start-Sleep -Seconds 10
    }
}
