import { Face, Icon } from './icons';
import { LanguageChoice } from './LanguageChoice';
import { usePhone } from './phone-context';
import { traits } from './traits';

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
              <Face person={one} />
              <span className="two">
                <span dir="auto">{one.nickname}</span>
                <small>{one.name}</small>
                {traits(one, words).map((trait) => (
                  <small key={trait}>{trait}</small>
                ))}
              </span>
            </button>
          </li>
        ))}
        <li>
          <button type="button" onClick={() => go({ name: 'person' })}>
            <span className="picture add" aria-hidden="true">
              <Icon name="add" />
            </span>
            <span className="two">{words.add}</span>
          </button>
        </li>
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
