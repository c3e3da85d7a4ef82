import { checklistSections } from "../../components/reference";
import type { Status } from "../../policy/evaluate";
import type { ItemResult } from "../../policy/report";
import {
    type Checked,
    groupBy,
    named,
    nameOf,
    type Notice,
    notices,
    otherViolations,
    statusLabels,
    tally,
} from "./checked";
import type { Style } from "./style";

const LABEL_WIDTH = Math.max(...Object.values(statusLabels).map((label) => label.length));
/** Resources named beside an item. */
const SHOWN_RESOURCES = 3;
/** Parts that wait for the update, shown before the rest is counted. */
const SHOWN_WAITING = 5;

/** The checklist for a person: 22 lines by section, what is broken with its fix, and what else there is to know. */
export function renderChecklist(checked: Checked, style: Style): string {
    const { checklist } = checked.policies;
    const own = checklist ? [renderItems(checklist, checked, style), ...renderNotices(checked, style)] : [];
    return [...own, renderOthers(checked, style), checklist ? renderTally(checklist, checked, style) : ""]
        .filter((section) => section !== "")
        .join("\n");
}

function renderItems(checklist: ItemResult[], checked: Checked, style: Style): string {
    const failures = notices(checked).filter(({ finding }) => finding.status === "fail");
    const lines = checklistSections.flatMap((section) => [
        `  ${style.bold(section[0]!.toUpperCase() + section.slice(1))}`,
        ...checklist
            .filter((item) => item.section === section)
            .flatMap((item) => [
                itemLine(item, style),
                ...failureLines(
                    failures.filter((notice) => notice.item === item),
                    style,
                ),
            ]),
    ]);
    const heading = `${style.bold("Pre-production checklist")}${style.dim(`  levels: ${checked.policies.levels}`)}`;
    return `${[heading, ...lines].join("\n")}\n`;
}

function itemLine({ status, title, resources }: ItemResult, style: Style): string {
    const names = [...new Set(resources.map(nameOf))];
    const more = names.length > SHOWN_RESOURCES ? ` and ${names.length - SHOWN_RESOURCES} more` : "";
    const lead = `    ${paint(status, style)(statusLabels[status].padEnd(LABEL_WIDTH))}  ${title}`;
    const room = style.width - (LABEL_WIDTH + 8 + title.length);
    const shown = status === "fail" ? "" : `${names.slice(0, SHOWN_RESOURCES).join(", ")}${more}`;
    return shown === "" || shown.length > room ? lead : `${lead}  ${style.dim(shown)}`;
}

/** One entry for each broken rule, with every resource that breaks it. */
function failureLines(failures: Notice[], style: Style): string[] {
    const byRule = groupBy(failures, ({ rule }) => rule.id);
    const indent = " ".repeat(LABEL_WIDTH + 6);
    return [...byRule.values()].flatMap((group) => {
        const { rule, title, severity, level, fix } = group[0]!;
        return [
            `${indent}${style.bad(rule.id)}  ${title} ${style.dim(`(${severity}, ${level})`)}`,
            ...group.map(({ finding }) => `${indent}  ${named(finding)}`),
            `${indent}  ${style.dim(`fix: ${fix}`)}`,
        ];
    });
}

function renderNotices(checked: Checked, style: Style): string[] {
    const of = (status: Notice["finding"]["status"]) =>
        notices(checked).filter(({ finding }) => finding.status === status);
    const waiting = of("unknown").filter(({ rule }) => rule.status !== "fail");
    const lines = (list: Notice[]) => list.map(({ rule, finding }) => `  ${rule.id}: ${named(finding)}`);
    const section = (title: string, content: string[]) =>
        content.length > 0 ? `${[style.bold(title), ...content].join("\n")}\n` : "";
    const rest = waiting.length > SHOWN_WAITING ? [`  and ${waiting.length - SHOWN_WAITING} more`] : [];
    return [
        section("Warnings", lines(of("warn"))),
        section("Exempt", lines(of("exempt"))),
        section("Waits for the update", [...lines(waiting.slice(0, SHOWN_WAITING)), ...rest]),
    ];
}

function renderOthers(checked: Checked, style: Style): string {
    const lines = otherViolations(checked).map(
        ({ pack, policy, level, urn, message }) =>
            `  ${level === "mandatory" ? style.bad(policy) : policy} ${style.dim(`(${pack}, ${level})`)} ${nameOf(urn)}: ${message}`,
    );
    return lines.length > 0 ? `${[style.bold("Other policies"), ...lines].join("\n")}\n` : "";
}

/** Why failures do not matter, where their level lets them pass. */
function consequence(checklist: ItemResult[], checked: Checked, style: Style): string {
    const fails = checklist.some(({ status }) => status === "fail");
    const blocks = checked.policies.violations.some(({ level }) => level === "mandatory");
    return fails && !blocks ? style.dim(` None of them blocks by ${checked.policies.levels}.`) : "";
}

function renderTally(checklist: ItemResult[], checked: Checked, style: Style): string {
    const counts = tally(checklist);
    const others = (Object.entries(counts) as [Status, number][])
        .filter(([status, count]) => status !== "pass" && count > 0)
        .map(([status, count]) => `${count} ${statusLabels[status].toLowerCase()}`);
    const text = `Checklist: ${counts.pass} of ${checklist.length} pass${others.length > 0 ? `, ${others.join(", ")}` : ""}.`;
    return `${counts.fail > 0 ? style.bad(text) : style.good(text)}${consequence(checklist, checked, style)}\n`;
}

function paint(status: Status, style: Style): (text: string) => string {
    const paints: Record<Status, (text: string) => string> = {
        pass: style.good,
        fail: style.bad,
        unknown: style.accent,
        exempt: style.accent,
        "not-applicable": style.dim,
    };
    return paints[status];
}
