import type { Resource } from "../../../plan/engine/resource";
import { reveal, type Values } from "../../../plan/engine/values";

/** First-boot script of a machine, changed and encoded again. */
export function script(change: (text: string) => string) {
    return (machine: Resource): string => {
        const { customData } = reveal(machine.inputs["osProfile"]) as Values;
        const text = Buffer.from(reveal(customData) as string, "base64").toString();
        return Buffer.from(change(text)).toString("base64");
    };
}

/** True for application servers, which the operations machine is not. */
export function isServer({ name }: Resource): boolean {
    return /-app\d$/.test(name);
}
