import { dump } from "js-yaml";

/** A document as first boot reads it: no line is folded, and what has several lines stands as it is. */
export const renderYaml = (document: object): string => dump(document, { lineWidth: -1, noRefs: true });
