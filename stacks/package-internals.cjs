const Module = require("node:module");

/**
 * Does something to a package from the inside. A version of it that is laid out otherwise stays as it is.
 *
 * @param {string} name
 * @param {(requireFromPackage: NodeJS.Require) => void} act
 */
function inPackage(name, act) {
    try {
        act(Module.createRequire(require.resolve(`${name}/package.json`)));
    } catch {
        return;
    }
}

/**
 * Puts a stand-in into the module cache that loads the module itself when anything of it is first asked for.
 *
 * @param {string} request
 * @param {NodeJS.Require} requireFromPackage
 */
function loadLater(request, requireFromPackage) {
    const file = requireFromPackage.resolve(request);
    if (require.cache[file]) {
        return;
    }
    const placeholder = new Module(file);
    let loaded;
    const load = () => {
        if (!loaded) {
            delete require.cache[file];
            loaded = requireFromPackage(file);
            require.cache[file] = placeholder;
        }
        return loaded;
    };
    placeholder.loaded = true;
    // A package may be a function or a class; bound, one has no property that could not be hidden.
    const target = request.startsWith(".") ? {} : Object.bind(undefined);
    placeholder.exports = new Proxy(target, {
        // Compiled imports ask for this first; "true" lets them keep the stand-in instead of copying it.
        get: (_, key) => {
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
        apply: (_, self, args) => Reflect.apply(load(), self, args),
        construct: (_, args) => Reflect.construct(load(), args),
    });
    require.cache[file] = placeholder;
}

module.exports = { inPackage, loadLater };
