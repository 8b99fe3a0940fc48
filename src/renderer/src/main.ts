/** The renderer's entry: styles, stores, the window. */
import '@fontsource/jetbrains-mono/latin-400.css';
import '@fontsource/jetbrains-mono/latin-600.css';
import 'dockview-vue/dist/styles/dockview.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/state-areas.css';
import './styles/floating.css';
import './styles/dock.css';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';

createApp(App).use(createPinia()).mount('#app');
