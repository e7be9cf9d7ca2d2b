import { useCallback, useEffect, useState } from 'react';
import { copy } from './copy';
import { Prompt } from './Prompt';
import { usePhone } from './phone-context';
import { Screen } from './Screen';
import * as sim from './sim';

/** What a mini-program can get from WeChat on this phone. */
export function Program({ appid }: { appid: string }) {
  const { words, apps, person, say, home, always, setAlways } = usePhone();
  const [standings, setStandings] = useState<sim.Standing[]>([]);
  const [isAsking, setAsking] = useState(false);
  const app = apps.find((one) => one.appid === appid);

  const look = useCallback(async () => {
    const all = await attempt(sim.standings(person.id), words.down, say);
    if (all) setStandings(all.filter((one) => one.appid === appid));
  }, [person.id, appid, words, say]);
  useEffect(() => {
    look();
  }, [look]);

  if (!app) return null;
  const kept = always(appid);
  const answer = async (accepted: string[], said: string) => {
    const answers = app.templates.map(({ id }) =>
      sim.answerPrompt(app, person.id, id, accepted.includes(id) ? 'accept' : 'reject'),
    );
    if (!(await attempt(Promise.all(answers), words.down, say))) return;
    say(said);
    await look();
  };
  const answered = (accepted: string[], isAlways: boolean) => {
    setAsking(false);
    if (isAlways) setAlways(appid, accepted);
    answer(accepted, words.answered(accepted.length, app.templates.length - accepted.length));
  };
  const forget = () => {
    setAlways(appid, undefined);
    say(words.asked);
  };
  const state = (template: sim.Template): string => {
    const standing = standings.find(({ template_id }) => template_id === template.id);
    if (standing?.banned) return words.banned;
    if (template.kind === 'one_time') return words.credits(standing?.credits ?? 0);
    return standing?.allowed ? words.allowed : words.notAllowed;
  };
  return (
    <Screen title={app.name} back={home}>
      <div className="body">
        <Code label={words.loginCode} how={words.loginHow} get={() => sim.loginCode(appid, person.id)} />
        <Code label={words.phoneCode} how={words.phoneHow} get={() => sim.phoneCode(appid, person.id)} />
        <h2>{words.prompts}</h2>
        <ul className="rows">
          {app.templates.map((template) => (
            <li key={template.id} className="row">
              <span className="two">
                <span>{template.title || template.id}</span>
                <small>{template.kind === 'one_time' ? words.once : words.lasting}</small>
              </span>
              <small className="state">{state(template)}</small>
            </li>
          ))}
          {app.templates.length === 0 && <li className="row">{words.noTemplates}</li>}
        </ul>
        {app.templates.length > 0 && (
          <button
            type="button"
            className="main"
            onClick={() => (kept ? answer(kept, words.asAlways) : setAsking(true))}
          >
            {words.ask}
          </button>
        )}
        {kept && (
          <button type="button" className="plain" onClick={forget}>
            {words.askAgain}
          </button>
        )}
      </div>
      {isAsking && <Prompt app={app} answer={answered} />}
    </Screen>
  );
}

/** A code to give to somebody else's mini-program, or to a command line. */
function Code({ label, how, get }: { label: string; how: string; get(): Promise<string> }) {
  const { words, say } = usePhone();
  const [code, setCode] = useState('');
  const fetchCode = async () => setCode((await attempt(get(), words.down, say)) ?? '');
  const copyCode = async () => say((await copy(code)) ? words.copied : words.notCopied);
  return (
    <section className="code" aria-label={label}>
      <h2>{label}</h2>
      <p>{how}</p>
      {code && (
        <span className="field">
          <input readOnly value={code} aria-label={words.code} onFocus={(event) => event.target.select()} />
          <button type="button" onClick={copyCode}>
            {words.copy}
          </button>
        </span>
      )}
      <button type="button" className="quiet" onClick={fetchCode}>
        {words.getCode}
      </button>
    </section>
  );
}

/** What came of it; a refusal is shown in the simulator's words. */
async function attempt<T>(
  work: Promise<T>,
  down: string,
  say: (text: string) => void,
): Promise<T | undefined> {
  try {
    return await work;
  } catch (failure) {
    if (failure instanceof sim.Down) say(down);
    else if (failure instanceof sim.Refused) say(failure.message);
    else throw failure;
    return undefined;
  }
}
