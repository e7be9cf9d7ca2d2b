import { Picture } from './icons';
import { LanguageChoice } from './LanguageChoice';
import { usePhone } from './phone-context';

/** Beside the handset, where there is room: who holds it, and what can be held to it. */
export function Desk() {
  const { words, person, people, choose, go } = usePhone();
  return (
    <aside className="desk">
      <h1>{words.title}</h1>
      <p>{words.about}</p>
      <h2 id="desk-whose">{words.person}</h2>
      <ul aria-labelledby="desk-whose">
        {people.map((one) => (
          <li key={one.id}>
            <button type="button" aria-pressed={one.id === person.id} onClick={() => choose(one.id)}>
              <Picture name={one.nickname} seed={one.id} />
              <span className="two">
                <span>{one.nickname}</span>
                <small>{one.name}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <h2>{words.scan}</h2>
      <button type="button" className="drop" onClick={() => go({ name: 'scan' })}>
        {words.scanHow}
      </button>
      <p className="links">
        <LanguageChoice />
        <a href="/_sim/">{words.control}</a>
      </p>
    </aside>
  );
}
