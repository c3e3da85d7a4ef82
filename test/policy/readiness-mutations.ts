import type { Resource } from "../../plan/engine/resource";
import type { Values } from "../../plan/engine/values";
import { changed, find, type Mutation, removeEach } from "./change";

/** Defects of attestations and licences. */
export function readiness(all: Resource[]): Mutation[] {
    const component = find(all, "index.Readiness");
    const list = (name: string) => (component.outputs[name] ?? []) as Values[];
    const each = (
        name: "attestations" | "licences",
        changes: Values,
        by: (entry: Values) => string[],
        only: (entry: Values) => boolean = () => true,
    ) =>
        list(name)
            .filter(only)
            .map((entry): Mutation => ({
                name: `${name}[${list(name).indexOf(entry)}]: ${JSON.stringify(changes)}`,
                by: by(entry),
                change: (resources) =>
                    resources.map((resource) =>
                        resource.urn === component.urn
                            ? changed(
                                  resource,
                                  name,
                                  list(name).map((other) => (other === entry ? { ...other, ...changes } : other)),
                              )
                            : resource,
                    ),
            }));
    const gone = (name: "attestations" | "licences", by: (entry: Values) => string[]) =>
        list(name).map((entry, place): Mutation => ({
            name: `${name}[${place}] is gone`,
            by: by(entry),
            change: (resources) =>
                resources.map((resource) =>
                    resource.urn === component.urn
                        ? changed(
                              resource,
                              name,
                              list(name).filter((_, at) => at !== place),
                          )
                        : resource,
                ),
        }));
    const attested = ({ item }: Values) => [`${item as string}-attested`];
    const licensed = () => ["licenses-procured"];
    /** What was brought along may be anybody's product. */
    const isKnown = ({ component: used }: Values) =>
        !list("inUse").some(
            ({ component: other, product }) => other === used && /^(certificate|mail server) /.test(product as string),
        );
    const records: Values[] = [
        { owner: "" },
        { evidence: "see the wiki" },
        { evidence: "http://wiki.example.com" },
        { date: "soon" },
        { date: "2026-02-30" },
        { expires: "2029-01-01" },
        { expires: "2025-01-01" },
        { date: "2024-11-25", expires: "2025-11-24", example: false },
        { date: "2031-01-01", expires: "2031-06-01", example: false },
    ];
    return [
        ...removeEach(all, "index.Readiness", ["disaster-recovery-attested", "licenses-procured"]),
        ...gone("attestations", attested),
        ...records.flatMap((changes) => each("attestations", changes, attested)),
        ...gone("licences", licensed),
        ...records.flatMap((changes) => each("licences", changes, licensed)),
        ...[{ vendor: "" }, { agreement: "" }].flatMap((changes) => each("licences", changes, licensed)),
        ...each("licences", { product: "Something else" }, licensed, isKnown),
        ...[
            { keyLocation: "" },
            { keyLocation: "ABCD-1234-EFGH-5678-IJKL" },
            { keyLocation: "c2VjcmV0LWxpY2Vuc2Uta2V5LTEyMzQ1" },
        ].flatMap((changes) => each("licences", changes, () => ["license-keys-secured"])),
        ...[{ renewal: "" }, { renewal: "next year" }, { renewal: "2025-01-01", example: false }].flatMap((changes) =>
            each("licences", changes, () => ["renewal-dates-tracked"]),
        ),
        ...each("licences", { compliance: " " }, () => ["compliance-stated"]),
    ];
}
