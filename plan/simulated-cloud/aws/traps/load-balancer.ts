import { fewerZonesThan, zonesRepeat } from "./network";
import {
    apiModel,
    at,
    form,
    isSet,
    listAt,
    numberAt,
    oneOf,
    range,
    textAt,
    type Trap,
    type Values,
    when,
    type World,
    textOf,
} from "./trap";

const BALANCER = "aws:lb/loadBalancer:LoadBalancer";
const TARGETS = "aws:lb/targetGroup:TargetGroup";
const LISTENER = "aws:lb/listener:Listener";
const ACL = "aws:wafv2/webAcl:WebAcl";
const RECORD = "aws:route53/record:Record";
const model = (shape: string) => apiModel("elasticloadbalancingv2/2015-12-01", shape);
const wafModel = (shape: string) => apiModel("wafv2/2019-07-29", shape);

const tlsPolicies =
    /^ELBSecurityPolicy-(2016-08|TLS-1-[012]-(2017-01|Ext-2018-06)|TLS13-1-[0123](-(Res|Ext1|Ext2))?(-PQ)?-20(21-06|25-09)|TLS13-1-[0123](-(Res|Ext0|Ext1|Ext2))?-FIPS(-PQ)?-20(23-04|25-09)|FS-(1-[12]-(Res-)?(2019-08|2020-10)|2018-06|1-2-2019-08))$/;

const nameForm = (id: string, type: string, kind: string, pattern: RegExp, shape: string) =>
    form(
        id,
        type,
        "name",
        pattern,
        (name) =>
            `ValidationError: The ${kind} name '${name}' can only contain characters that are alphanumeric characters or hyphens(-), cannot be longer than '32' characters and cannot begin or end with '-'`,
        model(shape),
    );

const rules = (inputs: Values) => listAt(inputs, "rules");

/** The bucket that access logs go to, when it is part of the plan. */
const logBucket = (inputs: Values, world: World) =>
    at(inputs, "accessLogs.enabled") === true
        ? world.find("aws:s3/bucket:Bucket", at(inputs, "accessLogs.bucket"))
        : undefined;

export const loadBalancerTraps: readonly Trap[] = [
    nameForm(
        "lb-name",
        BALANCER,
        "load balancer",
        /^(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/,
        "CreateLoadBalancerInput",
    ),
    when(
        "lb-two-zones",
        BALANCER,
        (inputs, world) =>
            (at(inputs, "loadBalancerType") ?? "application") === "application" &&
            fewerZonesThan(2, world, listAt(inputs, "subnets")),
        "ValidationError: At least two subnets in two different Availability Zones must be specified",
        model("CreateLoadBalancerInput"),
    ),
    when(
        "lb-zone-twice",
        BALANCER,
        (inputs, world) => zonesRepeat(world, listAt(inputs, "subnets")),
        "InvalidConfigurationRequest: A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        model("CreateLoadBalancerInput"),
    ),
    when(
        "lb-free-addresses",
        BALANCER,
        (inputs, world) =>
            listAt(inputs, "subnets").some(
                (id) =>
                    Number(textAt(world.find("aws:ec2/subnet:Subnet", id)?.values, "cidrBlock")?.split("/")[1] ?? 0) >
                    27,
            ),
        "InvalidSubnet: Not enough IP space available. ELB requires at least 8 free IP addresses in each subnet.",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
    ),
    range("lb-idle-timeout", BALANCER, "idleTimeout", [1, 4000], model("LoadBalancerAttribute")),
    oneOf(
        "lb-desync-mode",
        BALANCER,
        "desyncMitigationMode",
        ["monitor", "defensive", "strictest"],
        model("LoadBalancerAttribute"),
    ),
    when(
        "lb-log-bucket-policy",
        BALANCER,
        (inputs, world) => {
            const bucket = logBucket(inputs, world);
            const policies = world
                .ofType("aws:s3/bucketPolicy:BucketPolicy")
                .filter(({ values }) => values["bucket"] === bucket?.id);
            return (
                bucket !== undefined &&
                !policies.some(({ values }) =>
                    textOf(values["policy"]).includes("logdelivery.elasticloadbalancing.amazonaws.com"),
                )
            );
        },
        "InvalidConfigurationRequest: Access Denied for bucket. Please check S3bucket permission",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html",
    ),
    when(
        "lb-log-bucket-key",
        BALANCER,
        (inputs, world) => {
            const bucket = logBucket(inputs, world);
            const encryption = world
                .ofType("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
                .filter(({ values }) => values["bucket"] === bucket?.id);
            return (
                bucket !== undefined &&
                encryption.some(({ values }) => JSON.stringify(values["rules"]).includes("aws:kms"))
            );
        },
        "InvalidConfigurationRequest: Access Denied for bucket: the only server-side encryption that is supported is Amazon S3-managed keys (SSE-S3)",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html",
    ),
    nameForm(
        "target-group-name",
        TARGETS,
        "target group",
        /^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/,
        "CreateTargetGroupInput",
    ),
    range("target-group-interval", TARGETS, "healthCheck.interval", [5, 300], model("HealthCheckIntervalSeconds")),
    range("target-group-timeout", TARGETS, "healthCheck.timeout", [2, 120], model("HealthCheckTimeoutSeconds")),
    {
        id: "target-group-timeout-interval",
        type: TARGETS,
        source: model("CreateTargetGroupInput"),
        check: (inputs) => {
            const [timeout, interval] = [
                numberAt(inputs, "healthCheck.timeout") ?? 6,
                numberAt(inputs, "healthCheck.interval") ?? 30,
            ];
            return isSet(inputs, "healthCheck") && timeout >= interval
                ? `ValidationError: Health check timeout '${timeout}' must be smaller than the interval '${interval}'`
                : undefined;
        },
    },
    range("target-group-healthy", TARGETS, "healthCheck.healthyThreshold", [2, 10], model("HealthCheckThresholdCount")),
    range(
        "target-group-unhealthy",
        TARGETS,
        "healthCheck.unhealthyThreshold",
        [2, 10],
        model("HealthCheckThresholdCount"),
    ),
    form(
        "target-group-path",
        TARGETS,
        "healthCheck.path",
        /^\/.{0,1023}$/,
        (path) => `ValidationError: Health check path '${path}' must start with '/'`,
        model("Path"),
    ),
    form(
        "target-group-matcher",
        TARGETS,
        "healthCheck.matcher",
        /^[2-4]\d\d([-,][2-4]\d\d)*$/,
        () => "InvalidParameterValue: HttpCode must be like 200 | 200-399 | 200,201",
        model("Matcher"),
    ),
    range("target-group-deregistration", TARGETS, "deregistrationDelay", [0, 3600], model("TargetGroupAttribute")),
    when(
        "target-group-slow-start",
        TARGETS,
        (inputs) => {
            const seconds = numberAt(inputs, "slowStart") ?? 0;
            return seconds !== 0 && (seconds < 30 || seconds > 900);
        },
        "ValidationError: 'slow_start.duration_seconds' must be 0 or between 30 and 900",
        model("TargetGroupAttribute"),
    ),
    oneOf(
        "target-group-stickiness-type",
        TARGETS,
        "stickiness.type",
        ["lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"],
        model("TargetGroupAttribute"),
    ),
    range(
        "target-group-stickiness-duration",
        TARGETS,
        "stickiness.cookieDuration",
        [1, 604800],
        model("TargetGroupAttribute"),
    ),
    when(
        "target-group-app-cookie",
        TARGETS,
        (inputs) => at(inputs, "stickiness.type") === "app_cookie" && !isSet(inputs, "stickiness.cookieName"),
        "InvalidConfigurationRequest: You must set an application cookie name to enable stickiness of type 'app_cookie'",
        model("TargetGroupAttribute"),
    ),
    oneOf(
        "target-group-algorithm",
        TARGETS,
        "loadBalancingAlgorithmType",
        ["round_robin", "least_outstanding_requests", "weighted_random"],
        model("TargetGroupAttribute"),
    ),
    when(
        "listener-certificate",
        LISTENER,
        (inputs) => ["HTTPS", "TLS"].includes(textAt(inputs, "protocol") ?? "") && !isSet(inputs, "certificateArn"),
        "ValidationError: A certificate must be specified for HTTPS listeners",
        model("CreateListenerInput"),
    ),
    when(
        "listener-certificate-not-issued",
        LISTENER,
        (inputs, world) => {
            const certificate = world.find("aws:acm/certificate:Certificate", inputs["certificateArn"]);
            const validated = world
                .ofType("aws:acm/certificateValidation:CertificateValidation")
                .some(({ values }) => values["certificateArn"] === inputs["certificateArn"]);
            return certificate !== undefined && !validated;
        },
        "UnsupportedCertificate: The certificate must have a fully-qualified domain name, a supported signature, and a supported key size.",
        model("UnsupportedCertificate"),
    ),
    form(
        "listener-tls-policy",
        LISTENER,
        "sslPolicy",
        tlsPolicies,
        (policy) => `SSLPolicyNotFound: SSL policy '${policy}' not found`,
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html",
    ),
    range("listener-port", LISTENER, "port", [1, 65535], model("Port")),
    when(
        "listener-port-twice",
        LISTENER,
        (inputs, world) =>
            typeof inputs["loadBalancerArn"] === "string" &&
            world
                .ofType(LISTENER)
                .some(
                    ({ values }) =>
                        values["loadBalancerArn"] === inputs["loadBalancerArn"] && values["port"] === inputs["port"],
                ),
        "DuplicateListener: A listener with the specified port already exists.",
        model("CreateListenerInput"),
    ),
    when(
        "listener-redirect-status",
        LISTENER,
        (inputs) =>
            listAt(inputs, "defaultActions").some(
                (action) => !["HTTP_301", "HTTP_302"].includes(textAt(action, "redirect.statusCode") ?? "HTTP_301"),
            ),
        "ValidationError: Value at 'defaultActions.1.member.redirectConfig.statusCode' failed to satisfy constraint: Member must satisfy enum value set: [HTTP_301, HTTP_302]",
        model("RedirectActionStatusCodeEnum"),
    ),
    when(
        "listener-redirect-loop",
        LISTENER,
        (inputs) =>
            listAt(inputs, "defaultActions").some((action) => {
                const [protocol, port] = [textAt(action, "redirect.protocol"), textAt(action, "redirect.port")];
                return (
                    isSet(action, "redirect") &&
                    protocol === at(inputs, "protocol") &&
                    port === textOf(at(inputs, "port")) &&
                    !["host", "path", "query"].some((key) => isSet(action, `redirect.${key}`))
                );
            }),
        "InvalidLoadBalancerAction: The redirect configuration is not valid because it creates a loop.",
        model("RedirectActionConfig"),
    ),
    form(
        "listener-content-type-options",
        LISTENER,
        "routingHttpResponseXContentTypeOptionsHeaderValue",
        /^nosniff$/,
        (value) => `InvalidConfigurationRequest: '${value}' is not a valid value of X-Content-Type-Options`,
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html",
    ),
    form(
        "listener-frame-options",
        LISTENER,
        "routingHttpResponseXFrameOptionsHeaderValue",
        /^(DENY|SAMEORIGIN|ALLOW-FROM .+)$/,
        (value) => `InvalidConfigurationRequest: '${value}' is not a valid value of X-Frame-Options`,
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html",
    ),
    when(
        "waf-rate-limit",
        ACL,
        (inputs) => rules(inputs).some((rule) => (numberAt(rule, "statement.rateBasedStatement.limit") ?? 10) < 10),
        "WAFInvalidParameterException: Error reason: the rate limit must be at least 10, field: RATE_BASED_STATEMENT",
        wafModel("RateLimit"),
    ),
    when(
        "waf-rate-window",
        ACL,
        (inputs) =>
            rules(inputs).some(
                (rule) =>
                    ![60, 120, 300, 600].includes(
                        numberAt(rule, "statement.rateBasedStatement.evaluationWindowSec") ?? 300,
                    ),
            ),
        "WAFInvalidParameterException: Error reason: valid values are 60, 120, 300 and 600, field: RATE_BASED_STATEMENT",
        wafModel("EvaluationWindowSec"),
    ),
    when(
        "waf-priority-twice",
        ACL,
        (inputs) => {
            const priorities = rules(inputs)
                .map((rule) => numberAt(rule, "priority"))
                .filter((priority) => priority !== undefined);
            return new Set(priorities).size < priorities.length;
        },
        "WAFInvalidParameterException: Error reason: two rules have the same priority",
        wafModel("RulePriority"),
    ),
    when(
        "waf-managed-override",
        ACL,
        (inputs) =>
            rules(inputs).some(
                (rule) =>
                    isSet(rule, "statement.managedRuleGroupStatement") &&
                    (isSet(rule, "action") || !isSet(rule, "overrideAction")),
            ),
        "WAFInvalidParameterException: Error reason: You have used none or multiple values for a field that requires exactly one value, field: RULE, parameter: Rule",
        wafModel("Rule"),
    ),
    when(
        "waf-action-missing",
        ACL,
        (inputs) =>
            rules(inputs).some(
                (rule) =>
                    !isSet(rule, "statement.managedRuleGroupStatement") &&
                    !isSet(rule, "statement.ruleGroupReferenceStatement") &&
                    !isSet(rule, "action"),
            ),
        "WAFInvalidParameterException: Error reason: A rule without a rule group needs an action, field: RULE_ACTION",
        wafModel("RuleAction"),
    ),
    when(
        "waf-visibility",
        ACL,
        (inputs) => [inputs, ...rules(inputs)].some((rule) => !isSet(rule, "visibilityConfig.metricName")),
        "WAFInvalidParameterException: Error reason: The metric name is not valid., field: METRIC_NAME",
        wafModel("VisibilityConfig"),
    ),
    {
        id: "waf-log-name",
        type: "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        source: "https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html",
        check: (inputs) =>
            listAt(inputs, "logDestinationConfigs").some(
                (arn) => typeof arn === "string" && !/[:/]aws-waf-logs-/.test(arn),
            )
                ? "WAFInvalidParameterException: Error reason: The ARN isn't valid. A valid ARN begins with arn: and names a destination that starts with aws-waf-logs-"
                : undefined,
    },
    form(
        "certificate-domain",
        "aws:acm/certificate:Certificate",
        "domainName",
        /^(?=.{1,64}$)(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])$/,
        (domain) =>
            `ValidationException: 1 validation error detected: Value '${domain}' at 'domainName' failed to satisfy constraint`,
        apiModel("acm/2015-12-08", "DomainNameString"),
    ),
    when(
        "record-alias-ttl",
        RECORD,
        (inputs) =>
            isSet(inputs, "aliases")
                ? isSet(inputs, "ttl") || isSet(inputs, "records")
                : !(isSet(inputs, "ttl") && isSet(inputs, "records")),
        "InvalidInput: Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]",
        apiModel("route53/2013-04-01", "ResourceRecordSet"),
    ),
    when(
        "record-twice",
        RECORD,
        (inputs, world) =>
            inputs["allowOverwrite"] !== true &&
            typeof inputs["name"] === "string" &&
            world
                .ofType(RECORD)
                .some(
                    ({ values }) =>
                        values["zoneId"] === inputs["zoneId"] &&
                        values["name"] === inputs["name"] &&
                        values["type"] === inputs["type"] &&
                        values["setIdentifier"] === undefined,
                ),
        "InvalidChangeBatch: Tried to create resource record set but it already exists",
        apiModel("route53/2013-04-01", "InvalidChangeBatch"),
    ),
];
