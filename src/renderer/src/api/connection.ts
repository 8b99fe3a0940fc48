/** How the page's connection to the workbench stands; the transports write it, the shell shows it. */
import { shallowRef } from 'vue';

export type ConnectionState = 'open' | 'connecting' | 'lost';

export const connectionState = shallowRef<ConnectionState>('connecting');
