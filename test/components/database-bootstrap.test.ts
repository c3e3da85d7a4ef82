import { createRequire } from "node:module";
import path from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureRoleAndDatabase, scramVerifier } from "../../components/database/bootstrap/roles";
import { repository } from "../support/plans";
import { type PostgresServer, startPostgres } from "../support/postgres";

const wanted = { owner: "minusnow", login: "minusnow", password: "Aa1-_first.password~", database: "minusnow_db" };

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
    const canLogIn = async (password: string, login = wanted.login) => {
        try {
            await (await connect(login, password, wanted.database)).end();
            return true;
        } catch {
            return false;
        }
    };
    const ensure = (password = wanted.password, login = wanted.login) =>
        ensureRoleAndDatabase(admin, { ...wanted, password, login }, () => canLogIn(password, login));

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
        expect(await ensure()).toEqual([
            "created role minusnow",
            "created database minusnow_db",
            "set the password of role minusnow",
        ]);
        const app = await connect(wanted.login, wanted.password, wanted.database);
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

    it("rotate to the other login while the first keeps working, and both own the same tables", async () => {
        const second = "Bb2-_second.password~";
        expect(await ensure(second, "minusnow_2")).toEqual([
            "created role minusnow_2",
            "set the password of role minusnow_2",
        ]);
        expect(await ensure(second, "minusnow_2")).toEqual([]);
        expect(await canLogIn(wanted.password)).toBe(true);
        const app = await connect("minusnow_2", second, wanted.database);
        await app.query("ALTER TABLE incident ADD COLUMN title text");
        await app.query("CREATE TABLE change (id int)");
        const { rows } = await app.query("SELECT tableowner FROM pg_tables WHERE tablename = 'change'");
        expect(rows).toEqual([{ tableowner: "minusnow" }]);
        await app.end();
    });

    it("rotate back with a new password, which ends the first one", async () => {
        expect(await ensure("Cc3-_third.password~")).toEqual(["set the password of role minusnow"]);
        expect(await canLogIn("Cc3-_third.password~")).toBe(true);
        expect(await canLogIn(wanted.password)).toBe(false);
        expect(await canLogIn("Bb2-_second.password~", "minusnow_2")).toBe(true);
    });

    it("leave the administrator unable to act as the role, and no password in the server's log", async () => {
        await expect(admin.query("SET ROLE minusnow")).rejects.toThrow("permission denied to set role");
        expect(server.log()).toContain("CREATE ROLE");
        expect(server.log()).not.toContain("password~");
    });
});
