import path from "node:path";
import { Language, type Node, Parser } from "web-tree-sitter";

/** What a PowerShell script is made of. */
export interface Script {
    /** Where it cannot be read, with the line. */
    errors: string[];
    /** Commands that it runs, with the names of their parameters. */
    commands: { name: string; parameters: string[] }[];
    /** Functions that it defines. */
    functions: string[];
}

let parser: Parser | undefined;

async function createParser(): Promise<Parser> {
    await Parser.init();
    const package_ = path.dirname(require.resolve("tree-sitter-powershell/package.json"));
    const language = await Language.load(path.join(package_, "tree-sitter-powershell.wasm"));
    return new Parser().setLanguage(language);
}

/** Reads a script as PowerShell's grammar has it. */
export async function parsePowerShell(text: string): Promise<Script> {
    parser ??= await createParser();
    const root = parser.parse(text)!.rootNode;
    const ofType = (type: string) => root.descendantsOfType(type);
    const wrong = [...ofType("ERROR"), ...missing(root)];
    return {
        errors: wrong.map((node) => `line ${node.startPosition.row + 1}: ${node.text.slice(0, 80)}`),
        commands: ofType("command").map((node) => ({
            name: textOf(node, "command_name"),
            parameters: node
                .descendantsOfType("command_parameter")
                .filter((parameter) => commandOf(parameter)?.id === node.id)
                .map((parameter) => parameter.text),
        })),
        functions: ofType("function_name").map((node) => node.text),
    };
}

const textOf = (node: Node, type: string) => node.descendantsOfType(type)[0]?.text ?? "";

function commandOf(node: Node): Node | null {
    const { parent } = node;
    return parent === null || parent.type === "command" ? parent : commandOf(parent);
}

function missing(node: Node): Node[] {
    return [...(node.isMissing ? [node] : []), ...node.children.flatMap((child) => missing(child))];
}
