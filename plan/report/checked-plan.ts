import path from "node:path";
import { stackFile } from "../engine/project";
import type { Plan } from "../plan";
import type { PolicyOutcome } from "../policies";
import type { Checked } from "./checked";

/** A plan as reports on policies take it. */
export function checkedPlan(plan: Plan, policies: PolicyOutcome): Checked {
    const { project, stack, unknowns, resources } = plan;
    const file = stackFile(project, stack);
    return {
        project: project.name,
        stack,
        subject: unknowns ? "plan with unknown values" : "plan",
        stackFile: path.relative(project.root, file).split(path.sep).join("/"),
        stackFilePath: file,
        resources,
        policies,
    };
}

/** What the policies found as part of a JSON document. */
export function policyJson({ checklist, violations, packs, levels }: PolicyOutcome) {
    return {
        checklist,
        violations,
        policies: { levels, packs: packs.map(({ name, version }) => ({ name, version })) },
    };
}
