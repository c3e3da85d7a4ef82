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

/** Which of these values can be seen on a machine, or could in a list of processes, and where; they go in by standard input. */
async function look(machine: Machine, values: Record<string, string>): Promise<{ name: string; place: string }[]> {
    const names = Object.keys(values);
    const patterns = Object.values(values).join("\n");
    const lines = [...machine.commandLines];
    const inProcesses = names.filter((name) => lines.some((line) => line.includes(values[name]!)));
    const found = inProcesses.map((name) => ({ name, place: PROCESSES }));
    for (const [place, command] of Object.entries(places)) {
        const search = `patterns=$(cat); (${command}) </dev/null | grep -aoFf <(printf '%s\n' "$patterns") | sort -u`;
        const hits = (await machine.exec(search, patterns)).stdout.split("\n");
        found.push(...names.filter((name) => hits.includes(values[name]!)).map((name) => ({ name, place })));
    }
    return found;
}

/** Places on a machine in which a value can be seen. */
export const seen = async (machine: Machine, value: string): Promise<string[]> =>
    (await look(machine, { value })).map(({ place }) => place);

/** What of these values can be seen on any of these machines. */
export async function secretsSeen(machines: Machine[], values: Record<string, string>): Promise<string[]> {
    const all = machines.map(async (machine) =>
        (await look(machine, values)).map(({ name, place }) => `${machine.name}: ${name} in ${place}`),
    );
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
