import { PolicyPack } from "@pulumi/policy";
import { checklistPolicies } from "./pack";

new PolicyPack("minusnow-checklist", { policies: checklistPolicies(), enforcementLevel: "mandatory" });
