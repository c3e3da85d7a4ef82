import { applicationDatabase, minimumPostgresMajor } from "../reference";

/** PostgreSQL's major version where none is given. */
export const DEFAULT_VERSION = "17";

/** What every cloud's database is told of its version and its passwords. */
interface Settings {
    version?: string;
    rotation?: number;
}

/** The major version of `17` and of `17.2`. */
export function majorOf({ version = DEFAULT_VERSION }: Settings): number {
    return Number.parseInt(version, 10);
}

/** What is wrong with a version that must have one of these forms. */
export function versionProblems({ version = DEFAULT_VERSION }: Settings, form: RegExp): string[] {
    return form.test(version) && majorOf({ version }) >= minimumPostgresMajor
        ? []
        : [`version: found '${version}', allowed is PostgreSQL ${minimumPostgresMajor} or newer`];
}

/** Two logins take turns: the one that servers still use keeps its password until the rotation after next. */
export function applicationLogin({ rotation = 1 }: Settings): string {
    const { role, alternateLogin } = applicationDatabase;
    return rotation % 2 === 1 ? role : alternateLogin;
}
