/**
 * The two hosts behind which the same page runs, as a spec sees them: what a user does outside the page (menu, dialogs, dropping a file) is done here in each
 * host's own way.
 */
import type { Page } from '@playwright/test';
import type { WorkbenchCommand } from '#shared/contract.ts';
import type { DesktopApp } from '../../hosts/desktop-app.ts';
import type { StandInApp } from '../electron-stand-in/screen.ts';

export type HostKind = 'desktop' | 'server';

export interface Host {
  readonly kind: HostKind;
  readonly page: Page;
  /** Of this test only. */
  readonly folder: string;
  /** Runs a menu item: the native menu's on the desktop, the page's own in a browser. */
  command(command: WorkbenchCommand): Promise<void>;
  /** File > Open (or Open as…), and chooses files of one folder: in the system's dialog, or in the page's file browser. */
  openFiles(paths: readonly string[], command?: 'open' | 'open-as'): Promise<void>;
  /** Drops files from the system on the page. */
  drop(...paths: string[]): Promise<void>;
  /** Errors on the page's console so far. There must be none at the end: a spec that provokes one takes it out. */
  readonly complaints: string[];
  /** What only the desktop has. */
  readonly desktop?: DesktopApp & { standIn?: StandInApp };
  close(): Promise<void>;
}

export interface StartOptions {
  folder: string;
  /** Opened at the start, as on the command line. */
  files?: readonly string[];
}
