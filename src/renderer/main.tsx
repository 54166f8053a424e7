/** The window: one store, one tree of components. */
import { createDOMRenderer, RendererProvider } from '@fluentui/react-components';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { StoreContext } from './data/hooks.ts';
import { WindowStore } from './data/store.ts';
import { windowLink } from './data/window-link.ts';
import { compareMediaQueries } from './room.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
createRoot(root).render(
  <RendererProvider renderer={createDOMRenderer(document, { compareMediaQueries })}>
    <StoreContext value={new WindowStore(windowLink())}>
      <App />
    </StoreContext>
  </RendererProvider>,
);
