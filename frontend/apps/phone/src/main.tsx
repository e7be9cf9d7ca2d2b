import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isHome } from '../../../shared/home';
import './phone.css';
import './screens.css';
import { Phone } from './Phone';

// In another page's frame there is the handset and nothing around it.
document.documentElement.classList.toggle('framed', window.parent !== window);

const root = document.getElementById('root');
if (root && (await isHome('phone', '/_sim/health')))
  createRoot(root).render(
    <StrictMode>
      <Phone />
    </StrictMode>,
  );
