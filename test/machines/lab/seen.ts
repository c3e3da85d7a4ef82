import type { Machine } from "./machine";

/** Where others than root and the service's own user could see a value. */
const places = {
    processes: "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'",
    journal: "journalctl --sync; journalctl --no-pager",
    "cloud-init's log": "cat /var/log/cloud-init*.log",
    "world-readable files":
        "find / -xdev -type f -perm -o=r -newermt '-1 day' -size -5M -not -path '/proc/*' -not -path '/sys/*' -exec cat {} + 2>/dev/null",
};

/** Places on a machine in which a value can be seen; the value itself goes in by standard input. */
export async function seen(machine: Machine, value: string): Promise<string[]> {
    const found = [];
    for (const [place, command] of Object.entries(places)) {
        const search = `IFS= read -r value; (${command}) | grep -aFc -f <(printf '%s\\n' "$value")`;
        const { stdout } = await machine.exec(search, `${value}\n`);
        if (Number(stdout) > 0) {
            found.push(place);
        }
    }
    return found;
}

/** Shows each place what it must find. */
export async function plant(machine: Machine, value: string): Promise<void> {
    await machine.ok(
        [
            `printf '%s\\n' '${value}' >/var/tmp/planted && chmod 644 /var/tmp/planted`,
            `printf '%s\\n' '${value}' >>/var/log/cloud-init-output.log`,
            `logger '${value}'`,
            `systemd-run --quiet --unit=planted bash -c 'sleep 60; : ${value}'`,
            "sleep 1",
        ].join(" && "),
    );
}
