type Act = (requireFromPackage: NodeJS.Require) => void;

export declare function inPackage(name: string, act: Act): void;
export declare function loadLater(request: string, requireFromPackage: NodeJS.Require): void;
