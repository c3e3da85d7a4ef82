const HOURS_PER_DAY = 24;
const DAYS_PER_WEEK = 7;
const HOURS_PER_WEEK = HOURS_PER_DAY * DAYS_PER_WEEK;
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/** Longest time in hours between two runs of an AWS `cron(…)` or `rate(…)` expression; undefined for one that cannot be read. */
export function hoursBetween(expression: string): number | undefined {
    const [, count = "", unit = ""] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
    if (count !== "") {
        return (Number(count) * { minute: 1, hour: 60, day: 1440 }[unit as "minute" | "hour" | "day"]) / 60;
    }
    const [, fields = ""] = /^cron\((.+)\)$/.exec(expression) ?? [];
    const [, hour = "", dayOfMonth, month, dayOfWeek = "", year = "*"] = fields.trim().split(/\s+/);
    if (month !== "*" || year !== "*" || !["*", "?"].includes(dayOfMonth ?? "")) {
        return undefined;
    }
    const hours = expand(hour, 0, HOURS_PER_DAY - 1, (text) => Number(text));
    const days =
        dayOfWeek === "?"
            ? expand("*", 0, DAYS_PER_WEEK - 1, Number)
            : expand(dayOfWeek, 0, DAYS_PER_WEEK - 1, dayNumber);
    return hours && days && longestGap(days.flatMap((day) => hours.map((at) => day * HOURS_PER_DAY + at)));
}

/** Longest time in hours between two runs of a systemd calendar such as `*-*-* 00/6:05:00 UTC` or `Sun *-*-* 04:15:00`. */
export function hoursBetweenEvents(calendar: string): number | undefined {
    const shorthand = { hourly: 1, daily: HOURS_PER_DAY, weekly: HOURS_PER_WEEK }[calendar.trim()];
    const [, day = "*", hour = ""] =
        /^(?:([A-Za-z,.]+) )?\*-\*-\* ([\d*/,]+):[\d*/,]+(?::[\d*/,]+)?(?: \S+)?$/.exec(calendar.trim()) ?? [];
    if (shorthand !== undefined || hour === "") {
        return shorthand;
    }
    const hours = expand(hour, 0, HOURS_PER_DAY - 1, Number);
    const named = (text: string) => DAYS.indexOf(text.slice(0, 3).toUpperCase());
    const days = expand(day.replace("..", "-"), 0, DAYS_PER_WEEK - 1, named);
    return hours && days && longestGap(days.flatMap((each) => hours.map((at) => each * HOURS_PER_DAY + at)));
}

/** AWS counts the days of the week from 1, Sunday. */
function dayNumber(text: string): number {
    const named = DAYS.indexOf(text.toUpperCase());
    return named === -1 ? Number(text) - 1 : named;
}

/** The values that a field of a cron expression stands for. */
function expand(field: string, least: number, most: number, read: (text: string) => number): number[] | undefined {
    const values = field.split(",").flatMap((part) => {
        const [, from = "", to, step] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
        const start = from === "*" ? least : read(from);
        const end = to !== undefined ? read(to) : from === "*" || step !== undefined ? most : start;
        const by = Number(step ?? 1);
        return from === "" || Number.isNaN(start) || Number.isNaN(end) || by < 1
            ? [NaN]
            : Array.from({ length: Math.max(Math.floor((end - start) / by) + 1, 0) }, (_, place) => start + place * by);
    });
    return values.length === 0 || values.some((value) => Number.isNaN(value) || value < least || value > most)
        ? undefined
        : values;
}

function longestGap(runs: number[]): number {
    const sorted = [...new Set(runs)].sort((a, b) => a - b);
    const gaps = sorted.map((run, place) => (sorted[place + 1] ?? sorted[0]! + HOURS_PER_WEEK) - run);
    return Math.max(...gaps);
}
