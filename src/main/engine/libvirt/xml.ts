/**
 * A reader for the XML that libvirt writes: elements, attributes, text. Tolerant, since it is evidence and never the dump itself: what does not
 * parse is passed over, and what is cut short gives the elements that came before.
 *
 * Not supported: document types and their entities, namespaces (a name keeps its prefix: `qemu:arg`).
 */

export interface XmlElement {
  name: string;
  attributes: ReadonlyMap<string, string>;
  children: XmlElement[];
  /** Character data directly inside, trimmed; what exceeds 4096 characters is left out. */
  text: string;
}

/** Elements that are read, and how deeply they may nest; a domain with 256 disks has some 5000, 6 deep. */
const MAX_ELEMENTS = 100_000;
const MAX_DEPTH = 64;
/** Names and numbers are short; a description need not be read to its end. */
const MAX_TEXT = 4096;

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, double, single] of text.matchAll(ATTRIBUTE)) attributes.set(name!, unescape(double ?? single ?? ''));
  return attributes;
}

/** Index after the `>` of the tag that starts at `from`; a `>` inside quotes does not end it. -1 when nothing does. */
function tagEnd(text: string, from: number): number {
  let quote = '';
  for (let at = from; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '>') return at + 1;
  }
  return -1;
}

/** What is not an element: how it starts and ends. */
const OTHER = [
  ['<!--', '-->'],
  ['<?', '?>'],
  ['<!', '>'],
] as const;
const CDATA = '<![CDATA[';

/** The root element; undefined when there is none. */
export function parseXml(text: string): XmlElement | undefined {
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  const addText = (piece: string) => {
    const inside = open.at(-1);
    if (inside && inside.text.length < MAX_TEXT && piece.trim() !== '') inside.text = `${inside.text} ${piece.slice(0, MAX_TEXT)}`.trim();
  };

  for (let at = 0; at < text.length && !(root && open.length === 0);) {
    const tag = text.indexOf('<', at);
    if (tag < 0) break;
    addText(unescape(text.slice(at, tag)));
    if (text.startsWith(CDATA, tag)) {
      const end = text.indexOf(']]>', tag);
      addText(text.slice(tag + CDATA.length, end < 0 ? text.length : end));
      if (end < 0) break;
      at = end + 3;
      continue;
    }
    const other = OTHER.find(([start]) => text.startsWith(start, tag));
    const found = other ? text.indexOf(other[1], tag) : tagEnd(text, tag);
    if (found < 0) break;
    at = other ? found + other[1].length : found;
    if (other) continue;
    const body = text.slice(tag + 1, at - 1);
    if (body.startsWith('/')) {
      // An end tag also ends what was left open inside; one that ends nothing is passed over.
      const name = body.slice(1).trim();
      const depth = open.findLastIndex((element) => element.name === name);
      if (depth >= 0) open.length = depth;
      continue;
    }
    const name = /^[^\s/]+/.exec(body)?.[0];
    if (name === undefined) continue;
    if (++elements > MAX_ELEMENTS || open.length === MAX_DEPTH) break;
    const element: XmlElement = { name, attributes: attributesOf(body.slice(name.length)), children: [], text: '' };
    open.at(-1)?.children.push(element);
    root ??= element;
    if (!body.endsWith('/')) open.push(element);
  }
  return root;
}

/** The first element at the end of a path of names below `element`. */
export function findElement(element: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((at, name) => at?.children.find((child) => child.name === name), element);
}

/** All children of that name. */
export function findElements(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}
