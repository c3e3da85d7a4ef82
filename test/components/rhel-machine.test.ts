import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { awsHost, azureHost } from "../../components/host/cloud-host";
import { renderFileServer } from "../../components/shared-storage/host/machine";
import { createHost, type Host } from "../support/host";

describe("a machine with Red Hat Enterprise Linux", () => {
    let host: Host;
    beforeEach(() => {
        host = createHost();
        const cloud = azureHost("rhel-9", "identity");
        host.boot(renderFileServer({ cloud, device: "/dev/disk/azure/scsi1/lun0", appNetworks: ["10.0.1.0/24"] }));
        writeFileSync(path.join(host.folder, "told"), "");
    });
    afterEach(() => host.remove());

    const note = (name: string, more = "") =>
        host.fakeCommand(name, `echo "${name} $@" >>${host.folder}/told; ${more}`);
    const told = () => readFileSync(path.join(host.folder, "told"), "utf8").trim().split("\n");

    function disk(free: string, growpart: string): void {
        host.fakeCommand("lvs", "exit 0");
        host.fakeCommand("pvs", "echo '  /dev/nvme0n1p4'");
        host.fakeCommand("lsblk", "echo nvme0n1");
        host.fakeCommand("partx", "echo ' 4'");
        host.fakeCommand("vgs", `echo '  ${free}'`);
        note("growpart", growpart);
        note("pvresize");
        note("lvextend");
    }
    const grown = ["growpart /dev/nvme0n1 4", "pvresize /dev/nvme0n1p4"];

    it("has the volume that its kind fills take the disk, also when a run was broken off before", () => {
        const extended = [...grown, "lvextend --resizefs --extents +100%FREE rootvg/varlv"];
        disk("9471", "exit 0");
        expect(host.run("grow", {}, "varlv").status).toBe(0);
        expect(told()).toEqual(extended);
        disk("9471", "exit 1");
        expect(host.run("grow", {}, "varlv").status).toBe(0);
        expect(told()).toEqual([...extended, ...extended]);
    });

    it("has nothing left to do then, and says when it could not", () => {
        disk("0", "exit 1");
        expect(host.run("grow", {}, "rootlv").status).toBe(0);
        expect(told()).toEqual(grown);
        disk("9471", "exit 2");
        expect(host.run("grow", {}, "rootlv").status).not.toBe(0);
    });

    it("leaves an image alone that has no such volumes", () => {
        host.fakeCommand("lvs", "exit 5");
        note("growpart");
        expect(host.run("grow", {}, "varlv").status).toBe(0);
        expect(told()).toEqual([""]);
    });

    it("is there on Azure alone, and Debian on AWS alone", () => {
        expect(() => awsHost("rhel-9", "us-east-1", "/app")).toThrow(
            "os: found rhel-9, allowed are amazon-linux-2023, ubuntu-24.04, debian-13",
        );
        expect(() => azureHost("debian-13", "identity")).toThrow(
            "os: found debian-13, allowed are ubuntu-24.04, rhel-9",
        );
    });
});
