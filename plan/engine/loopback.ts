import { type AddressInfo, createServer, type Socket } from "node:net";

/** A loopback port that is open before the server behind it is loaded: whoever connects meanwhile waits. */
export interface Loopback {
    /** As `127.0.0.1:PORT`. */
    address: string;
    /** Hands over all connections, those that wait first. */
    accept: (take: (socket: Socket) => void) => void;
    close: () => void;
}

/** Opens a free port. */
export async function openLoopback(): Promise<Loopback> {
    const waiting: Socket[] = [];
    let take: (socket: Socket) => void = (socket) => waiting.push(socket);
    const server = createServer((socket) => take(socket));
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    return {
        address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
        accept: (handler) => {
            take = handler;
            waiting.splice(0).forEach(handler);
        },
        close: () => {
            server.close();
            waiting.splice(0).forEach((socket) => socket.destroy());
        },
    };
}
