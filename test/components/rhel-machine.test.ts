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

    it("has the image's volumes take the disk, and whatever is left of it at the next run", () => {
        host.fakeCommand("lvs", "exit 0");
        host.fakeCommand("pvs", "echo '  /dev/nvme0n1p4'");
        host.fakeCommand("lsblk", "echo nvme0n1");
        host.fakeCommand("partx", "echo ' 4'");
        // As growpart and lvextend end where nothing is left to take.
        note("growpart", "exit 1");
        note("pvresize");
        note("lvextend", "exit 5");
        expect(host.run("grow", {}).status).toBe(0);
        expect(told()).toEqual([
            "growpart /dev/nvme0n1 4",
            "pvresize /dev/nvme0n1p4",
            "lvextend --resizefs --extents +25%FREE rootvg/rootlv",
            "lvextend --resizefs --extents +100%FREE rootvg/varlv",
        ]);
    });

    it("leaves an image alone that has no such volumes", () => {
        host.fakeCommand("lvs", "exit 5");
        note("growpart");
        expect(host.run("grow", {}).status).toBe(0);
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
