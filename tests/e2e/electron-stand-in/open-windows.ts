/** The windows there are; app and browser-window both need them. */
export interface ClosableWindow {
  /** False when the app kept it open. */
  close(): boolean;
}

export const openWindows = new Set<ClosableWindow>();
