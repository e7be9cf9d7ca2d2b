import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@weir/react/style.css';
import './page.css';
import { Demo } from './Demo';
import { Shared } from './Shared';
import { begin } from './session';
import { firstLanguage, WORDS } from './words';

const root = document.getElementById('root');
if (root) {
  const page = createRoot(root);
  const query = new URLSearchParams(location.search);
  begin().then(
    (session) =>
      page.render(
        <StrictMode>
          {query.get('page') === 'share' ? <Shared session={session} /> : <Demo session={session} />}
        </StrictMode>,
      ),
    (failure: Error) =>
      page.render(
        <p className="broken" role="alert">
          {WORDS[firstLanguage()].broken} {failure.message}
        </p>,
      ),
  );
}
