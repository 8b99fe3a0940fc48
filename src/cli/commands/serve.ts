import { countOption, type Command } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { toJson } from '../json.ts';

/** How the entry starts a server: it has a workbench of another kind (see open-workbench.ts). */
export type Serve = (options: { file: string | undefined; port: number | undefined; ready(url: string): void }) => Promise<void>;

export const serveCommand = (serve: Serve): Command => ({
  name: 'serve',
  usage: '[FILE] [--port N]',
  summary: 'the whole workbench in a browser, on a loopback address',
  details: `  --port N   listen on this port (default: a free one)

Prints a URL with a one-time token. From another machine: ssh -L N:127.0.0.1:N HOST, then open the URL.`,
  arity: [0, 1],
  options: { port: { type: 'string' } },
  async run({ positionals, options, json, print }) {
    await serve({ file: positionals[0], port: countOption(options, 'port'), ready: (url) => print(json ? toJson({ url }) : url) });
    return EXIT.done;
  },
});
