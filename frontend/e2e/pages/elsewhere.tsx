import {
  useWeChatQR,
  useWeChatShare,
  WeChatLogin,
  type WeChatLoginResult,
  WeChatSettings,
  WeirProvider,
} from '@weir/react';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

// A site on another origin than Weir, which keeps its token in its own place.
const query = new URLSearchParams(location.search);
const remembered = (name: string) => {
  const given = query.get(name) ?? sessionStorage.getItem(name) ?? '';
  sessionStorage.setItem(name, given);
  return given;
};
const base = remembered('base');
const show = remembered('show');
const here = location.origin + location.pathname;

function Login() {
  const [login, setLogin] = useState<WeChatLoginResult>();
  return login ? (
    <p id="login">{`${login.user?.nickname ?? login.user_id} ${login.token.slice(0, 3)}`}</p>
  ) : (
    <WeChatLogin redirect={here} onLogin={setLogin} />
  );
}

function Share() {
  const { ready, error } = useWeChatShare({ title: 'Elsewhere', link: `${here}?shared` });
  return <p id="share">{error ?? (ready ? 'ready' : 'wait')}</p>;
}

/** What a developer learns of a call that did not work. */
function Call() {
  const { generateQR, error } = useWeChatQR();
  const [told, setTold] = useState('');
  const call = () => generateQR().catch((failure: Error) => setTold(failure.message));
  return (
    <>
      <button type="button" onClick={call}>
        call
      </button>
      <p id="error">{error}</p>
      <p id="told">{told}</p>
    </>
  );
}

const PARTS: Record<string, () => React.ReactNode> = { settings: WeChatSettings, Login, Share, Call };
const Part = PARTS[show];
const root = document.getElementById('root');
if (root && Part)
  createRoot(root).render(
    <StrictMode>
      <WeirProvider base={base} token={() => sessionStorage.getItem('session')} language="en">
        <Part />
      </WeirProvider>
    </StrictMode>,
  );
