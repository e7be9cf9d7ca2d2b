import { useId, useState } from 'react';
import { useKeptFocus } from './focus.js';
import { useUser, useWeir } from './provider.js';
import { useWeChatBinding } from './useWeChatBinding.js';
import { WeChatQRGenerator } from './WeChatQRGenerator.js';
import { WeChatStatus } from './WeChatStatus.js';

/** All of it for a user's page: which account is bound, binding one, unbinding it. */
export function WeChatSettings() {
  // Another user's page is another page: nothing of the last one stays.
  return <Settings key={useUser()} />;
}

function Settings() {
  const { words, tag } = useWeir();
  const { binding, loading, error } = useWeChatBinding();
  const [done, setDone] = useState<'bound' | 'unbound'>();
  const title = useId();
  const focus = useKeptFocus<HTMLElement>();
  // What is not known yet is not offered to be changed. A code that is shown stays while the rest is asked again.
  const [offered, setOffered] = useState(false);
  const free = binding === null && error === null && !loading;
  if (free && !offered) setOffered(true);
  if (binding !== null && offered) {
    setOffered(false);
    setDone('bound');
  }
  return (
    <section className="weir weir-settings" lang={tag} aria-labelledby={title} {...focus}>
      <h2 id={title} className="weir-title">
        {words.title}
      </h2>
      <WeChatStatus onUnbind={() => setDone('unbound')} />
      {offered && binding === null && <WeChatQRGenerator onQRGenerated={() => setDone(undefined)} />}
      <p className="weir-done" role="status">
        {done && words[done]}
      </p>
    </section>
  );
}
