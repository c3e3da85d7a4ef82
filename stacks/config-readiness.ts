import { z } from "zod";
import { AttestedItem } from "../components";
import { thirdPartyComponents } from "../components/reference";
import { choice, day, evidence, flag, text } from "./fields";

/** What every record of a person's word carries. */
const record = {
    owner: text("Who answers for it: a person or a team.", "platform team"),
    evidence: evidence("https address of what proves it."),
    date: day("Day it was given.", "2026-11-25"),
    expires: day("Last day it holds, at most a year later.", "2027-11-24"),
    example: flag("Marks an example: a preview accepts it with a warning, a production update refuses it.").optional(),
};

const attestationSchema = z.strictObject({
    item: choice(AttestedItem, "What is attested."),
    ...record,
});

const licenceSchema = z.strictObject({
    component: z
        .enum(thirdPartyComponents.map(({ id }) => id))
        .meta({ description: "Component that it is for.", example: "postgresql" }),
    vendor: text("Vendor.", "Amazon Web Services"),
    product: text("Product.", "AWS RDS PostgreSQL"),
    agreement: text("Number or name of the agreement.", "AWS Customer Agreement"),
    keyLocation: text("Where the key is kept, never the key; none where there is no key.", "none"),
    renewal: day("Day the agreement must be renewed.", "2027-11-24"),
    compliance: text("How its terms are met.", "Used under the agreement's terms; reviewed every year."),
    ...record,
});

/** Attestations and licences of a stack. */
export const readinessSchema = z.strictObject({
    attestations: z
        .array(attestationSchema)
        .meta({ description: "One for each human item of the checklist.", allowed: "a list of attestations" })
        .optional(),
    licences: z
        .array(licenceSchema)
        .meta({ description: "One for each licensed product in use.", allowed: "a list of licences" })
        .optional(),
});
