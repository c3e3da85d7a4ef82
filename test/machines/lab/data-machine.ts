import { dump } from "js-yaml";
import type { Authority } from "./certificates";

/** A machine that stands for the managed database and session store: PostgreSQL and Redis, both by TLS only. */
export function dataMachine(
    authority: Authority,
    names: { database: string; sessions: string },
    passwords: { database: string; sessions: string },
): string {
    const { certificate, key } = authority.issue(names.database, names.sessions);
    const folder = "/etc/postgresql/17/main";
    const own = (path: string, content: string, owner = "root:root") => ({
        path,
        content,
        permissions: "0640",
        owner,
        defer: true,
    });
    return `#cloud-config\n${dump({
        write_files: [
            own("/etc/data/tls.crt", certificate, "root:tls"),
            own("/etc/data/tls.key", key, "root:tls"),
            own(
                "/etc/data/redis.conf",
                `port 0\ntls-port 6379\nbind 0.0.0.0\ntls-cert-file /etc/data/tls.crt\ntls-key-file /etc/data/tls.key\ntls-ca-cert-file /etc/ssl/certs/ca-certificates.crt\ntls-auth-clients no\nrequirepass ${passwords.sessions}\n`,
                "root:tls",
            ),
            own(
                "/root/roles.sql",
                `CREATE ROLE minusnow LOGIN PASSWORD '${passwords.database}';\nCREATE DATABASE minusnow_db OWNER minusnow;\n`,
            ),
        ],
        bootcmd: ["groupadd --force --system tls"],
        runcmd: [
            "usermod -aG tls postgres; usermod -aG tls redis",
            "pg_createcluster 17 main",
            `printf "listen_addresses='*'\\nssl_cert_file='/etc/data/tls.crt'\\nssl_key_file='/etc/data/tls.key'\\n" >>${folder}/postgresql.conf`,
            `echo "hostssl all all 10.0.0.0/16 scram-sha-256" >>${folder}/pg_hba.conf`,
            "systemctl start postgresql@17-main && runuser -u postgres psql </root/roles.sql",
            "systemd-run --unit=sessions -p User=redis redis-server /etc/data/redis.conf",
        ],
    })}`;
}
