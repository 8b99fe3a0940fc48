import type { OpenOptions } from '#shared/model/index.ts';
import { countOption, type Command } from '../command.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { toJson } from '../json.ts';

export interface ServeOptions {
  /** To be opened first: nothing, a dump, or the parts of one. */
  files: string[];
  options: OpenOptions;
  port: number | undefined;
  ready(url: string): void;
}

/** How the entry starts a server: it has a workbench of another kind (see index.ts). */
export type Serve = (options: ServeOptions) => Promise<void>;

export const serveCommand = (serve: Serve): Command => ({
  name: 'serve',
  usage: '[FILE...] [--port N]',
  summary: 'the whole workbench in a browser, on a loopback address',
  details: `  --port N   listen on this port (default: a free one)

Prints a URL with a one-time token. From another machine: ssh -L N:127.0.0.1:N HOST, then open the URL.`,
  arity: [0, 1],
  options: { port: { type: 'string' } },
  async run({ positionals, parts, opening, options, json, print }) {
    if (opening.map.length > 0) throw new UsageError('serve: --map is for a single answer; correct the map in the window, where it can be kept');
    await serve({
      files: [...positionals, ...parts],
      options: opening.options,
      port: countOption(options, 'port'),
      ready: (url) => print(json ? toJson({ url }) : url),
    });
    return EXIT.done;
  },
});
