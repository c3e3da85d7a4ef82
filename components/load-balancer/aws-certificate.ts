import * as acm from "@pulumi/aws/acm";
import * as route53 from "@pulumi/aws/route53";
import type * as pulumi from "@pulumi/pulumi";

/** What to issue. */
export interface CertificateArgs {
    hostname: pulumi.Input<string>;
    zoneId: pulumi.Input<string>;
    /** True lets machines take it with its key. AWS charges for each such certificate, and whether one is cannot change. */
    exportable?: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** A certificate from ACM, proven by a DNS record; resolves once it is issued. ACM renews it while the record stands. */
export function issueCertificate(
    name: string,
    { hostname, zoneId, exportable = false, tags }: CertificateArgs,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const certificate = new acm.Certificate(
        name,
        {
            domainName: hostname,
            validationMethod: "DNS",
            keyAlgorithm: "EC_prime256v1",
            ...(exportable && { options: { export: "ENABLED" } }),
            tags,
        },
        { ...child, deleteBeforeReplace: false },
    );
    const proof = certificate.domainValidationOptions.apply((options) => options[0]!);
    const record = new route53.Record(
        `${name}-validation`,
        {
            zoneId,
            name: proof.resourceRecordName,
            type: proof.resourceRecordType,
            records: [proof.resourceRecordValue],
            ttl: 60,
            allowOverwrite: true,
        },
        child,
    );
    const issued = { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn] };
    return new acm.CertificateValidation(name, issued, child).certificateArn;
}
