import { checklistSections } from "../../components/reference";
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

/** The checklist as one page without any other file, for an auditor to read and print. */
export function renderHtml(checked: Checked): string {
    const { project, stack, subject, policies } = checked;
    const checklist = policies.checklist ?? [];
    const { pass } = tally(checklist);
    const failed = checklist.some(({ status }) => status === "fail");
    const packs = policies.packs.map(({ name, version }) => `${name} ${version}`).join(", ");
    const title = `Pre-production checklist of ${stack}`;
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
<p>Project ${escape(project)}, ${escape(subject)}. Packs: ${escape(packs)}. Levels: ${escape(policies.levels)}. ${escape(new Date().toISOString().slice(0, 16).replace("T", " "))} UTC.</p>
<p class="tally ${failed ? "fail" : "pass"}">${pass} of ${checklist.length} pass</p>
</header>
<main>
${checklistSections.map((section) => renderSection(section, checklist, checked)).join("\n")}
${renderList("Warnings", checked, "warn")}
${renderList("Exempt", checked, "exempt")}
${renderList("Waits for the update", checked, "unknown")}
${renderOthers(checked)}
</main>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #c62828; --wait: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #4ac26b; --bad: #ff7b72; --wait: #d29922; } }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 1.8rem 0 .4rem; }
header p { margin: .2rem 0; } .tally { font-size: 1.2rem; font-weight: 600; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .4rem .5rem; border-top: 1px solid var(--line); }
td:first-child { width: 9rem; font-weight: 600; white-space: nowrap; } td:last-child { overflow-wrap: anywhere; }
.pass { color: var(--good); } .fail { color: var(--bad); } .unknown, .exempt, .warn { color: var(--wait); } .not-applicable { opacity: .7; }
ul { margin: .3rem 0; padding-left: 1.1rem; } details { margin-top: .2rem; } summary { cursor: pointer; } .fix, .resources { opacity: .8; }
@media (max-width: 40rem) { td { display: block; border: 0; padding: .1rem .3rem; } tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0; } }
@media print { body { margin: 0; max-width: none; font-size: 11px; } tr, li { break-inside: avoid; } details::details-content { content-visibility: visible; block-size: auto; } summary { list-style: none; } }
`;

function renderSection(section: string, checklist: ItemResult[], checked: Checked): string {
    const rows = checklist.filter((item) => item.section === section).map((item) => renderItem(item, checked));
    const heading = section[0]!.toUpperCase() + section.slice(1);
    return `<section><h2>${heading}</h2><table><tbody>\n${rows.join("\n")}\n</tbody></table></section>`;
}

function renderItem(item: ItemResult, checked: Checked): string {
    const { status, title, resources, rules } = item;
    const broken = notices(checked).filter((notice) => notice.item === item && notice.finding.status === "fail");
    const names = [...new Set(resources.map(nameOf))].join(", ");
    const decided = rules.flatMap((rule) =>
        rule.findings
            .filter((finding) => finding.status === "pass")
            .map((finding) => `<li>${escape(named(finding))}</li>`),
    );
    return `<tr><td class="${status}">${statusLabels[status]}</td><td><strong>${escape(title)}</strong>
${names && status !== "fail" ? `<div class="resources">${escape(names)}</div>` : ""}
${renderBroken(broken)}
${decided.length > 0 ? `<details><summary>${decided.length} checks passed</summary><ul>${decided.join("")}</ul></details>` : ""}</td></tr>`;
}

function renderBroken(broken: Notice[]): string {
    const groups = [...groupBy(broken, ({ rule }) => rule.id).values()];
    return groups
        .map((group) => {
            const { title, severity, level, fix, tags } = group[0]!;
            const found = group.map(({ finding }) => `<li>${escape(named(finding))}</li>`).join("");
            return `<div><span class="fail">${escape(title)}</span> (${severity}, ${level})<ul>${found}</ul><div class="fix">Fix: ${escape(fix)} ${escape(tags.join("; "))}</div></div>`;
        })
        .join("");
}

function renderList(title: string, checked: Checked, status: Notice["finding"]["status"]): string {
    const lines = notices(checked)
        .filter(({ finding }) => finding.status === status)
        .map(({ rule, finding }) => `<li>${escape(rule.id)}: ${escape(named(finding))}</li>`);
    return lines.length > 0 ? `<section><h2>${title}</h2><ul>${lines.join("\n")}</ul></section>` : "";
}

function renderOthers(checked: Checked): string {
    const lines = otherViolations(checked).map(
        (violation) =>
            `<li>${escape(violation.policy)} (${escape(violation.pack)}, ${violation.level}): ${escape(named(violation))}</li>`,
    );
    return lines.length > 0 ? `<section><h2>Other policies</h2><ul>${lines.join("\n")}</ul></section>` : "";
}

function escape(text: string): string {
    return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
