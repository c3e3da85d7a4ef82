const HOST = "127.0.0.1";
const PORT = 14_000;
const RECORDS_PORT = 8055;
const ROOTS_PORT = 15_000;

/** Let's Encrypt in the lab: Pebble, its own small server for tests, with the DNS that it asks. */
export const acme = {
    /** What Let's Encrypt is called. */
    name: "acme-v02.api.letsencrypt.org",
    address: { host: HOST, port: PORT },
    /** Where its directory is. */
    directory: "/dir",
    /** Where records of DNS are set. */
    records: `http://${HOST}:${RECORDS_PORT}`,
    /** The authority that it signs with. */
    root: `https://${HOST}:${ROOTS_PORT}/roots/0`,
    configuration: {
        pebble: {
            listenAddress: `${HOST}:${PORT}`,
            managementListenAddress: `${HOST}:${ROOTS_PORT}`,
            certificate: "/mnt/acme.pem",
            privateKey: "/mnt/acme.key",
            httpPort: 80,
            tlsPort: 443,
        },
    },
    dnsOptions: (address: string) =>
        `-dns01 ${address}:53 -management ${HOST}:${RECORDS_PORT} -http01 "" -https01 "" -tlsalpn01 "" -doh ""`,
} as const;
