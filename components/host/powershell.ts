import { gzipSync } from "node:zlib";
import type { HostFile } from "./cloud-init";

/** What a machine's first boot on Windows does: writes files, then runs one of them until it succeeds. */
export interface PowerShellBoot {
    /** Folder of its programs, which nobody but administrators may write. */
    folder: string;
    files: HostFile[];
    /** Script among the files. */
    command: string;
}

const prelude = `$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

function Write-Text([string] $Path, [string] $Text) {
    [System.IO.File]::WriteAllText($Path, $Text)
}

function Write-Bundle([string] $Base64) {
    $bytes = [System.IO.MemoryStream]::new([System.Convert]::FromBase64String($Base64))
    $mode = [System.IO.Compression.CompressionMode]::Decompress
    $stream = [System.IO.Compression.GZipStream]::new($bytes, $mode)
    $reader = [System.IO.StreamReader]::new($stream, [System.Text.Encoding]::UTF8)
    foreach ($file in (ConvertFrom-Json $reader.ReadToEnd())) {
        Write-Text $file.path $file.content
    }
}
`;

/**
 * Renders the script of a first boot on Windows. Its files are as readable as cloud-init's, but for those that travel
 * compressed.
 *
 * @throws Error when the script is larger than a cloud accepts, or a file's text would end its quotation.
 */
export function renderPowerShell({ folder, files, command }: PowerShellBoot, limit: number): string {
    const administrators = "'*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F'";
    const text = [
        prelude,
        `New-Item -ItemType Directory -Force -Path '${folder}' | Out-Null`,
        `icacls.exe '${folder}' /inheritance:r /grant:r ${administrators} /Q | Out-Null`,
        ...files.filter(({ compressed }) => !compressed).map(writtenFile),
        `Write-Bundle '${bundle(files.filter(({ compressed }) => compressed))}'`,
        "# Repeated until it succeeds: package sources and the cloud's roles may be late.",
        "while ($true) {",
        "    try {",
        `        & '${command}'`,
        "        break",
        "    } catch {",
        "        Write-Warning $_",
        "        Start-Sleep -Seconds 30",
        "    }",
        "}",
        "",
    ].join("\n");
    if (Buffer.byteLength(text) > limit) {
        throw new Error(
            `user data has ${Buffer.byteLength(text)} bytes, allowed are ${limit}; shorten the host's files`,
        );
    }
    return text;
}

/** Files that nobody reads, compressed together: user data of EC2 is small. */
function bundle(files: HostFile[]): string {
    const text = JSON.stringify(files.map(({ path, content }) => ({ path, content })));
    return gzipSync(text, { level: 9 }).toString("base64");
}

function writtenFile({ path, content }: HostFile): string {
    if (/^'@/m.test(content)) {
        throw new Error(`${path}: a line begins with '@, which ends its text`);
    }
    return `Write-Text '${path}' @'\n${content.trimEnd()}\n'@`;
}
