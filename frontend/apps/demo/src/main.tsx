import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@weir/react/style.css';
import { isHome } from '../../../shared/home';
import './page.css';
import { Demo } from './Demo';
import { Shared } from './Shared';
import { begin, where } from './session';
import { firstLanguage, WORDS } from './words';

const root = document.getElementById('root');
if (root && (await isHome('demo', '/api/live'))) {
  const page = createRoot(root);
  const isCustomers = new URLSearchParams(location.search).get('page') === 'share';
  const shown = isCustomers
    ? where().then(({ simulator }) => <Shared simulator={simulator} />)
    : begin().then((session) => <Demo session={session} />);
  shown.then(
    (content) => page.render(<StrictMode>{content}</StrictMode>),
    (failure: Error) =>
      page.render(
        <p className="broken" role="alert">
          {WORDS[firstLanguage()].broken} {failure.message}
        </p>,
      ),
  );
}
