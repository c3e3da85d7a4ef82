const HOURS_PER_DAY = 24;
const HOURS_PER_WEEK = 168;

/** Hours between runs of an AWS `cron(…)` or `rate(…)` expression; undefined for one that cannot be read. */
export function hoursBetween(expression: string): number | undefined {
    const [, count = "", unit = ""] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
    if (count !== "") {
        return (Number(count) * { minute: 1, hour: 60, day: 1440 }[unit as "minute" | "hour" | "day"]) / 60;
    }
    const [, fields = ""] = /^cron\((.+)\)$/.exec(expression) ?? [];
    const [, hour, dayOfMonth, month, dayOfWeek] = fields.trim().split(/\s+/);
    if (hour === undefined || dayOfWeek === undefined || month !== "*") {
        return undefined;
    }
    if (/^([A-Z]{3}|\d)$/i.test(dayOfWeek)) {
        return HOURS_PER_WEEK;
    }
    return dayOfMonth === "*" || dayOfMonth === "?" ? hoursOfDay(hour) : undefined;
}

function hoursOfDay(hour: string): number | undefined {
    if (hour === "*") {
        return 1;
    }
    const [, step] = /^(?:\*|\d+)\/(\d+)$/.exec(hour) ?? [];
    if (step !== undefined) {
        return Number(step);
    }
    const listed = hour.split(",").map(Number);
    return listed.some(Number.isNaN) ? undefined : longestGap(listed);
}

function longestGap(hours: number[]): number {
    const sorted = [...hours].sort((a, b) => a - b);
    const gaps = sorted.map((hour, place) => (sorted[place + 1] ?? sorted[0]! + HOURS_PER_DAY) - hour);
    return Math.max(...gaps);
}
