/** Types of prepare.mjs, which runs before there is anything to compile. */
export const ROOT: string;
export function isInstalled(): boolean;
export function isBuilt(): boolean;
export function pinnedNode(): string;
export function ensureInstalled(): void;
export function ensureBuilt(): void;
export function continueIn(script: string, args: string[]): void;
