import type { Machine } from "./machine";

const readable = (where: string) =>
    `find ${where} -xdev -type f -perm -o=r -newermt '-1 day' -size -5M -not -path '/proc/*' -not -path '/sys/*' -exec cat {} + 2>/dev/null`;

/** Where others than root and the service's own user could see a value. */
const places = {
    journal: "journalctl --sync; journalctl --no-pager",
    "cloud-init's log": "cat /var/log/cloud-init*.log",
    "world-readable files": readable("/"),
    "world-readable files in memory": readable("/run /tmp /dev/shm"),
};
const PROCESSES = "processes, ever";
export const numberOfPlaces = Object.keys(places).length + 1;

/** Places on a machine in which a value can be seen, or could in a list of processes; it goes in by standard input. */
export async function seen(machine: Machine, value: string): Promise<string[]> {
    const found = [...machine.commandLines].some((line) => line.includes(value)) ? [PROCESSES] : [];
    for (const [place, command] of Object.entries(places)) {
        const search = `IFS= read -r value; (${command}) | grep -aFc -f <(printf '%s\\n' "$value")`;
        const { stdout } = await machine.exec(search, `${value}\n`);
        if (Number(stdout) > 0) {
            found.push(place);
        }
    }
    return found;
}

/** What of these values can be seen on any of these machines. */
export async function secretsSeen(machines: Machine[], values: Record<string, string>): Promise<string[]> {
    const all = machines.map(async (machine) => {
        const found = [];
        for (const [name, value] of Object.entries(values)) {
            found.push(...(await seen(machine, value)).map((place) => `${machine.name}: ${name} in ${place}`));
        }
        return found;
    });
    return (await Promise.all(all)).flat();
}

/** Shows each place what it must find. */
export async function plant(machine: Machine, value: string): Promise<void> {
    await machine.ok(
        [
            ...["/var/tmp", "/run"].map(
                (folder) => `printf '%s\\n' '${value}' >${folder}/planted && chmod 644 ${folder}/planted`,
            ),
            `printf '%s\\n' '${value}' >>/var/log/cloud-init-output.log`,
            `logger '${value}'`,
            `systemd-run --quiet --unit=planted bash -c 'sleep 1; : ${value}'`,
            "sleep 2",
        ].join(" && "),
    );
}

/** A line in the middle of a private key that is on a machine. */
export async function lineOfKey(machine: Machine, file: string): Promise<string> {
    const key = await machine.ok(`set -a; . /etc/minusnow/host.env; grep -A3 'BEGIN.*PRIVATE' ${file}`);
    return key.split("\n")[2]!;
}
