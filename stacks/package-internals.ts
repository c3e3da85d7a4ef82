import Module, { createRequire } from "node:module";

/** A version of a package that is laid out otherwise starts as it always does. */
export function inPackage(name: string, act: (requireFromPackage: NodeJS.Require) => void): void {
    try {
        act(createRequire(require.resolve(`${name}/package.json`)));
    } catch {
        return;
    }
}

/** Puts a stand-in into the module cache that loads the module itself when anything of it is first asked for. */
export function loadLater(request: string, requireFromPackage: NodeJS.Require): void {
    const file = requireFromPackage.resolve(request);
    if (require.cache[file]) {
        return;
    }
    const placeholder = new Module(file);
    let loaded: object | undefined;
    const load = () => {
        if (!loaded) {
            // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the cache is keyed by file name
            delete require.cache[file];
            loaded = requireFromPackage(file) as object;
            require.cache[file] = placeholder;
        }
        return loaded;
    };
    placeholder.loaded = true;
    // A package may be a function or a class; bound, one has no property that could not be hidden.
    const target = request.startsWith(".") ? {} : Object.bind(undefined);
    placeholder.exports = new Proxy<object>(target, {
        // Compiled imports ask for this first; "true" lets them keep the stand-in instead of copying it.
        get: (_, key): unknown => {
            if (key === "__esModule") {
                return true;
            }
            const isDefault = key === "default" && !("__esModule" in load());
            return isDefault ? load() : Reflect.get(load(), key);
        },
        set: (_, key, value) => Reflect.set(load(), key, value),
        has: (_, key) => Reflect.has(load(), key),
        ownKeys: () => Reflect.ownKeys(load()),
        getOwnPropertyDescriptor: (_, key) => {
            const descriptor = Reflect.getOwnPropertyDescriptor(load(), key);
            return descriptor && { ...descriptor, configurable: true };
        },
        getPrototypeOf: () => Reflect.getPrototypeOf(load()),
        apply: (_, self, args) => Reflect.apply(load() as () => unknown, self, args) as unknown,
        construct: (_, args) => Reflect.construct(load() as new () => object, args) as object,
    });
    require.cache[file] = placeholder;
}
