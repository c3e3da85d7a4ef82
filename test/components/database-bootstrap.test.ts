import { createRequire } from "node:module";
import path from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureRoleAndDatabase, scramVerifier } from "../../components/database/bootstrap/roles";
import { repository } from "../support/plans";
import { type PostgresServer, startPostgres } from "../support/postgres";

const wanted = { role: "minusnow", password: "Aa1-_first.password~", database: "minusnow_db" };

describe("the bootstrap function", () => {
    it("is built as one file with a handler", () => {
        const { handler } = createRequire(import.meta.url)(
            path.join(repository, "dist/components/database/bootstrap/bundle.js"),
        ) as { handler: unknown };
        expect(handler).toBeTypeOf("function");
    });

    it("computes the verifier of RFC 7677's example", () => {
        const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
        expect(scramVerifier("pencil", salt)).toBe(
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        );
    });
});

describe("role, database and grants on PostgreSQL (guide, step 3)", () => {
    let server: PostgresServer;
    let admin: Client;

    const connect = async (user: string, password: string, database = "postgres") => {
        const client = new Client({ host: "127.0.0.1", port: server.port, user, password, database });
        await client.connect();
        return client;
    };
    const canLogIn = async (password: string) => {
        try {
            await (await connect(wanted.role, password, wanted.database)).end();
            return true;
        } catch {
            return false;
        }
    };
    const ensure = (password = wanted.password) =>
        ensureRoleAndDatabase(admin, { ...wanted, password }, () => canLogIn(password));

    beforeAll(async () => {
        server = await startPostgres();
        const superuser = await connect("postgres", "postgres");
        // RDS's administrator is no superuser either.
        await superuser.query("CREATE ROLE minusnow_admin LOGIN CREATEROLE CREATEDB PASSWORD 'admin'");
        await superuser.query("CREATE ROLE someone LOGIN PASSWORD 'someone'");
        await superuser.end();
        admin = await connect("minusnow_admin", "admin");
    });
    afterAll(async () => {
        await admin.end();
        await server.stop();
    });

    it("come into being", async () => {
        expect(await ensure()).toEqual(["created role minusnow", "created database minusnow_db"]);
        const app = await connect(wanted.role, wanted.password, wanted.database);
        await app.query("CREATE TABLE incident (id int)");
        await app.end();
    });

    it("stay as they are the second time", async () => {
        expect(await ensure()).toEqual([]);
    });

    it("are completed when an earlier run was cut off", async () => {
        const superuser = await connect("postgres", "postgres");
        await superuser.query("GRANT CONNECT ON DATABASE minusnow_db TO PUBLIC");
        await superuser.end();
        expect(await ensure()).toEqual([]);
        await expect(connect("someone", "someone", wanted.database)).rejects.toThrow("permission denied for database");
    });

    it("take a rotated password", async () => {
        expect(await ensure("Bb2-_second.password~")).toEqual(["set the password of role minusnow"]);
        expect(await canLogIn("Bb2-_second.password~")).toBe(true);
        expect(await canLogIn(wanted.password)).toBe(false);
    });

    it("leave the administrator unable to act as the role, and no password in the server's log", async () => {
        await expect(admin.query("SET ROLE minusnow")).rejects.toThrow("permission denied to set role");
        expect(server.log()).toContain("CREATE ROLE");
        expect(server.log()).not.toContain("password~");
    });
});
