/** Text of every compiled module, by the path of the file that keeps it. */
export function compileAll(): Promise<Map<string, string>>;
