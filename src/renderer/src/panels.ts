/** The panels of the workbench: id, words, icon, and the component that is loaded when the panel is first shown. */
import { Binary, CircuitBoard, Cpu, LayoutList, ListTree, Map as MapIcon, Server, SquareTerminal } from '@lucide/vue';
import { defineAsyncComponent } from 'vue';
import type { Component } from 'vue';
import type { WorkbenchCommand } from '#shared/contract.ts';
import LoadingState from './components/LoadingState.vue';

export type PanelId = 'overview' | 'registers' | 'memory-map' | 'page-walk' | 'memory' | 'devices' | 'linux' | 'machines';

export interface PanelDefinition {
  id: PanelId;
  title: string;
  /** What it answers, for the rail's tooltip and the palette. */
  purpose: string;
  icon: Component;
  command: WorkbenchCommand;
  component: Component;
}

function lazily(loader: () => Promise<{ default: Component }>): Component {
  return defineAsyncComponent({ loader, loadingComponent: LoadingState, delay: 100 });
}

export const PANELS: readonly PanelDefinition[] = [
  {
    id: 'overview',
    title: 'Overview',
    purpose: 'What this file is',
    icon: LayoutList,
    command: 'show-overview',
    component: lazily(() => import('./features/overview/OverviewPanel.vue')),
  },
  {
    id: 'registers',
    title: 'Registers',
    purpose: 'What each CPU was doing',
    icon: Cpu,
    command: 'show-registers',
    component: lazily(() => import('./features/registers/RegistersPanel.vue')),
  },
  {
    id: 'memory-map',
    title: 'Memory map',
    purpose: 'Which RAM block lies where, and why',
    icon: MapIcon,
    command: 'show-memory-map',
    component: lazily(() => import('./features/memory-map/MemoryMapPanel.vue')),
  },
  {
    id: 'page-walk',
    title: 'Page walk',
    purpose: 'How an address is translated, level by level',
    icon: ListTree,
    command: 'show-page-walk',
    component: lazily(() => import('./features/page-walk/PageWalkPanel.vue')),
  },
  {
    id: 'memory',
    title: 'Memory',
    purpose: 'The bytes at an address',
    icon: Binary,
    command: 'show-memory',
    component: lazily(() => import('./features/memory/MemoryPanel.vue')),
  },
  {
    id: 'devices',
    title: 'Devices',
    purpose: 'What state each device was saved in',
    icon: CircuitBoard,
    command: 'show-devices',
    component: lazily(() => import('./features/devices/DevicesPanel.vue')),
  },
  {
    id: 'linux',
    title: 'Linux',
    purpose: 'What the kernel tells: panic, log, tasks, modules',
    icon: SquareTerminal,
    command: 'show-linux',
    component: lazily(() => import('./features/linux/LinuxPanel.vue')),
  },
  {
    id: 'machines',
    title: 'Machines',
    purpose: 'The virtual machines that this host ran',
    icon: Server,
    command: 'show-machines',
    component: lazily(() => import('./features/machines/MachinesPanel.vue')),
  },
];

export function panelById(id: PanelId): PanelDefinition {
  const panel = PANELS.find((candidate) => candidate.id === id);
  if (!panel) throw new Error(`no panel ${id}`);
  return panel;
}
