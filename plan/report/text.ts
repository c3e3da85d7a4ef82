import type { LogMessage, Resource } from "../engine/resource";
import { mask, maskObject, type Plain, UNKNOWN_MARK } from "../engine/values";
import type { Plan } from "../plan";
import { at } from "../simulated-cloud/world";
import { checkedPlan } from "./checked-plan";
import { renderChecklist } from "./checklist";
import { highlights } from "./highlights";
import { summarizeMachines } from "./machines";
import type { Style } from "./style";

const STACK_TYPE = "pulumi:pulumi:Stack";

/** The plan for a person: the resources as a tree, what each machine will run, outputs and a summary. */
export function renderText(plan: Plan, style: Style): string {
    const sections = [
        renderTree(plan, style),
        renderMachines(plan, style),
        renderOutputs(plan, style),
        renderMessages(plan, style),
        renderRefusals(plan, style),
        plan.policies ? renderChecklist(checkedPlan(plan, plan.policies), style) : "",
        renderSummary(plan, style),
    ];
    return sections.filter((section) => section !== "").join("\n");
}

function renderTree({ project, stack, resources, unknowns, outcome }: Plan, style: Style): string {
    const children = new Map<string, Resource[]>();
    for (const resource of resources.filter(({ type }) => type !== STACK_TYPE)) {
        const parent = resource.parent || (resources.find(({ type }) => type === STACK_TYPE)?.urn ?? "");
        children.set(parent, [...(children.get(parent) ?? []), resource]);
    }
    const root = resources.find(({ type }) => type === STACK_TYPE)?.urn ?? "";
    const lines: string[] = [
        style.bold(`${project.name} ${stack}`) +
            style.dim(unknowns ? "  provider outputs unknown" : "") +
            (outcome === "failed" ? style.bad("  incomplete: what was asked for before the program failed") : ""),
    ];
    const visit = (parent: string, indent: string): void => {
        const list = children.get(parent) ?? [];
        list.forEach((resource, place) => {
            const last = place === list.length - 1;
            lines.push(fit(indent + (last ? "└─ " : "├─ "), resource, style));
            visit(resource.urn, indent + (last ? "   " : "│  "));
        });
    };
    visit(root, "");
    return `${lines.join("\n")}\n`;
}

function fit(lead: string, resource: Resource, style: Style): string {
    const { type, name, custom } = resource;
    const short = shortType(type);
    const settings = settingsOf(resource);
    const room = style.width - lead.length - name.length - short.length - 4;
    const shown = settings.length > room && settings !== "" ? `${settings.slice(0, Math.max(room - 1, 0))}…` : settings;
    return `${style.dim(lead)}${custom ? name : style.bold(name)}  ${style.accent(short)}${shown && `  ${style.dim(shown)}`}`;
}

/** `aws:lb/listener:Listener` is shown as `aws:lb:Listener`. */
function shortType(type: string): string {
    return type.replace(/^([^:]+):([^/:]+)\/[^:]+:/, "$1:$2:");
}

function settingsOf({ type, inputs, options }: Resource): string {
    const shown = (highlights[type] ?? [])
        .map((path) => ({ path, value: mask(at(inputs, path)) }))
        .filter(({ value }) => value !== null);
    const settings = shown.map(({ path, value }) => `${path.split(".").at(-1)}=${settingText(value)}`);
    return [...settings, ...(options.protect ? ["protected"] : [])].join(" ");
}

function settingText(value: Plain): string {
    if (Array.isArray(value)) {
        return `[${value.map((item) => (isParameter(item) ? `${item.name}=${item.value}` : settingText(item))).join(" ")}]`;
    }
    if (typeof value === "object" && value !== null) {
        return JSON.stringify(value);
    }
    const text = String(value);
    return text.includes(" ") && text !== UNKNOWN_MARK ? `"${text}"` : text;
}

function isParameter(value: Plain): value is { name: string; value: string } {
    return typeof value === "object" && value !== null && !Array.isArray(value) && "name" in value && "value" in value;
}

function renderMachines({ resources }: Plan, style: Style): string {
    const machines = summarizeMachines(resources);
    return machines
        .map(({ name, lines }) => [style.bold(`Machines ${name}`), ...lines.map((line) => `  ${line}`), ""].join("\n"))
        .join("\n");
}

function renderOutputs({ outputs }: Plan, style: Style): string {
    const entries = Object.entries(maskObject(outputs));
    if (entries.length === 0) {
        return "";
    }
    const lines = entries.map(([key, value]) => `  ${key}: ${settingText(value)}`);
    return [style.bold("Outputs"), ...lines, ""].join("\n");
}

function renderMessages({ logs, printed, outcome }: Plan, style: Style): string {
    const shown = logs.filter(({ severity }) => severity !== "debug");
    const lines = shown.map((log) => `${paint(log, style)(log.severity)}: ${log.message.trimEnd()}`);
    if (printed !== "" && (outcome !== "planned" || lines.length === 0)) {
        lines.push(style.bold("The program printed:"), printed.trimEnd());
    }
    return lines.length > 0 ? `${lines.join("\n")}\n` : "";
}

function paint({ severity }: LogMessage, style: Style): (text: string) => string {
    return severity === "error" ? style.bad : style.bold;
}

function renderRefusals({ refusals }: Plan, style: Style): string {
    if (refusals.length === 0) {
        return "";
    }
    const lines = refusals.map(
        ({ urn, message, trap, source }) =>
            `  ${urn.split("::").at(-1)}  ${message}\n    ${style.dim(`${trap}, ${source}`)}`,
    );
    return [style.bad("The cloud would refuse:"), ...lines, ""].join("\n");
}

function renderSummary({ resources, unknownTypes, stack, outcome, refusals }: Plan, style: Style): string {
    const custom = resources.filter((resource) => resource.custom);
    const components = resources.filter((resource) => !resource.custom && resource.type !== STACK_TYPE);
    const counts = `${custom.length} resources in ${components.length} components`;
    const unsimulated =
        unknownTypes.length > 0 ? `\n${style.dim(`Not simulated, outputs unknown: ${unknownTypes.join(", ")}`)}` : "";
    const verdicts = {
        "broken-policy": style.bad(`Planned ${stack}: ${counts}, and it breaks a mandatory policy.`),
        planned: style.good(`Planned ${stack}: ${counts}, nothing refused.`),
        "wrong-configuration": style.bad(`Not planned: the configuration of ${stack} is wrong.`),
        failed: style.bad(
            `Not planned: ${refusals.length > 0 ? `the cloud would refuse: ${refusals.length} reasons in ${new Set(refusals.map(({ urn }) => urn)).size} resources` : `the program of ${stack} failed`}.`,
        ),
    };
    return `${verdicts[outcome]}${unsimulated}\n`;
}
