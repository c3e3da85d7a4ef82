import * as acm from "@pulumi/aws/acm";
import * as route53 from "@pulumi/aws/route53";
import type * as pulumi from "@pulumi/pulumi";

/** A certificate from ACM, proven by a DNS record; resolves once it is issued. ACM renews it while the record stands. */
export function issueCertificate(
    name: string,
    hostname: pulumi.Input<string>,
    zoneId: pulumi.Input<string>,
    tags: { [key: string]: pulumi.Input<string> } | undefined,
    child: { parent: pulumi.Resource },
): pulumi.Output<string> {
    const certificate = new acm.Certificate(
        name,
        { domainName: hostname, validationMethod: "DNS", keyAlgorithm: "EC_prime256v1", tags },
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
