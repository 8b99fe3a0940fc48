/** The default arrangement of the panels, and the way back from a remembered one. */
import type { DockviewApi, SerializedDockview } from 'dockview-vue';
import { panelById } from '../../panels.ts';
import type { PanelId } from '../../panels.ts';

/** Below this the four-way default would leave no panel room for its table: registers stay at the left, the rest shares one group. */
export const SMALL = { width: 1180, height: 620 };

interface Place {
  referencePanel: PanelId;
  direction: 'right' | 'below' | 'within';
}

export function addPanel(api: DockviewApi, id: PanelId, position?: Place, inactive = false): void {
  api.addPanel({ id, component: id, title: panelById(id).title, inactive, ...(position ? { position } : {}) });
}

/** Width and height are the dock's, in pixels. */
export function applyDefaultLayout(api: DockviewApi, width: number, height: number): void {
  api.clear();
  const small = width < SMALL.width || height < SMALL.height;
  addPanel(api, 'registers');
  addPanel(api, 'overview', { referencePanel: 'registers', direction: 'right' });
  if (small) addPanel(api, 'memory-map', { referencePanel: 'overview', direction: 'within' }, true);
  addPanel(api, 'page-walk', { referencePanel: 'overview', direction: 'within' }, true);
  addPanel(api, 'devices', { referencePanel: 'overview', direction: 'within' }, true);
  addPanel(api, 'linux', { referencePanel: 'overview', direction: 'within' }, true);
  if (small) {
    addPanel(api, 'memory', { referencePanel: 'overview', direction: 'within' }, true);
  } else {
    addPanel(api, 'memory-map', { referencePanel: 'registers', direction: 'below' });
    addPanel(api, 'memory', { referencePanel: 'overview', direction: 'below' });
    api.getPanel('overview')?.group.api.setSize({ height: Math.round(height * 0.58) });
    api.getPanel('registers')?.group.api.setSize({ height: Math.round(height * 0.54) });
  }
  api.getPanel('registers')?.group.api.setSize({ width: Math.round(Math.min(720, Math.max(360, width * 0.38))) });
  api.getPanel('overview')?.api.setActive();
}

/** Brings a panel to the front; one that is not there joins the overview, in the widest group of the default. */
export function revealPanel(api: DockviewApi, id: PanelId): void {
  const panel = api.getPanel(id);
  if (panel) panel.api.setActive();
  else addPanel(api, id, api.getPanel('overview') ? { referencePanel: 'overview', direction: 'within' } : undefined);
}

/** False when what was remembered does not fit this version: the caller falls back to the default. */
export function restoreLayout(api: DockviewApi, layout: unknown): boolean {
  try {
    api.fromJSON(layout as SerializedDockview);
    return api.panels.length > 0;
  } catch {
    return false;
  }
}
