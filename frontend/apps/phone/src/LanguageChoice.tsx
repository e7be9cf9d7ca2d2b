import { use } from 'react';
import { Language, usePhone } from './phone-context';
import { NAMES, type Language as Tag } from './words';

/** The languages by their own names. */
export function LanguageChoice({ className }: { className?: string }) {
  const { words } = usePhone();
  const { language, setLanguage } = use(Language);
  return (
    <label className={className}>
      <span>{words.language}</span>{' '}
      <select value={language} onChange={(event) => setLanguage(event.target.value as Tag)}>
        {Object.entries(NAMES).map(([tag, name]) => (
          <option key={tag} value={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
