import "../stacks/fast-start";
import { PolicyPack } from "@pulumi/policy";
import { checklistPolicies } from "./pack";
import { readOnce } from "./read-once";

readOnce();
new PolicyPack("minusnow-checklist", { policies: checklistPolicies(), enforcementLevel: "mandatory" });
