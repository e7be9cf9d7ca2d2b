import { use } from 'react';
import { Picture } from './icons';
import { Language, usePhone } from './phone-context';
import { NAMES, type Language as Tag } from './words';

/** Beside the handset, where there is room: who holds it, and what can be held to it. */
export function Desk() {
  const { words, person, people, choose, go } = usePhone();
  const { language, setLanguage } = use(Language);
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
        <label>
          {words.language}{' '}
          <select value={language} onChange={(event) => setLanguage(event.target.value as Tag)}>
            {Object.entries(NAMES).map(([tag, name]) => (
              <option key={tag} value={tag}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <a href="/_sim/">{words.control}</a>
      </p>
    </aside>
  );
}
