export * from "../../trap";

/** Where the rule is written down; most are AWS's own API models. */
export const apiModel = (service: string, shape: string) =>
    `https://github.com/boto/botocore/blob/1.43.11/botocore/data/${service}/service-2.json#${shape}`;
