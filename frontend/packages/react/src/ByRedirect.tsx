import { useEffect, useState } from 'react';
import { inWeChat } from './agent.js';
import { Trouble } from './CodeView.js';
import { sentence } from './failure.js';
import { useWeir } from './provider.js';
import { begun, takeAnswer, thisPage, tie } from './signIn.js';
import type { WeChatLoginResult } from './types.js';

interface ByRedirectProps {
  redirect: string | undefined;
  app: string | undefined;
  finish(login: WeChatLoginResult): void;
}

/** Sign-in on WeChat's page, which sends the browser back to this one. */
export function ByRedirect({ redirect, app, finish }: ByRedirectProps) {
  const { client, words } = useWeir();
  const [loading, setLoading] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  useEffect(() => {
    const answer = takeAnswer();
    if (!answer) return;
    setLoading(true);
    client
      .exchange(answer.code, answer.state, answer.verifier)
      .then(finish, setFailure)
      .finally(() => setLoading(false));
  }, [client, finish]);

  useEffect(() => {
    // Back from WeChat's page by the browser's button, this page is as it was left.
    const shown = ({ persisted }: PageTransitionEvent) => persisted && setLoading(false);
    window.addEventListener('pageshow', shown);
    return () => window.removeEventListener('pageshow', shown);
  }, []);

  const begin = async () => {
    setLoading(true);
    setFailure(null);
    try {
      const { state, verifier, challenge } = await tie();
      // Other browsers are shown WeChat's QR code, which is for website apps.
      const scope = inWeChat() ? undefined : 'snsapi_login';
      const to = await client.authorizeUrl({
        redirect: redirect ?? thisPage(),
        scope,
        app: app ?? (scope && 'website'),
        state,
        challenge,
      });
      begun([state, to.state], verifier);
      location.assign(to.url);
    } catch (failed) {
      setFailure(failed);
      setLoading(false);
    }
  };
  return (
    <>
      <button type="button" className="weir-button" onClick={begin} disabled={loading}>
        {loading ? words.working : words.login}
      </button>
      <Trouble error={failure === null ? null : sentence(failure, words)} />
    </>
  );
}
