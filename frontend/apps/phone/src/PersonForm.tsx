import { type FormEvent, type HTMLInputTypeAttribute, useState } from 'react';
import { usePhone } from './phone-context';
import { Screen } from './Screen';
import * as sim from './sim';

/** WeChat's own limit. */
const LONGEST_NICKNAME = 32;

/** Somebody new, or what is told of somebody: `of` is whose id. */
export function PersonForm({ of }: { of: string | undefined }) {
  const { words, people, saved } = usePhone();
  const [trouble, setTrouble] = useState('');
  const [isSaving, setSaving] = useState(false);
  const person = people.find(({ id }) => id === of);

  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setSaving(true);
    setTrouble('');
    try {
      await saved(await sim.putPerson(profileOf((name) => String(form.get(name) ?? ''), person)));
    } catch (failure) {
      if (!(failure instanceof sim.Down || failure instanceof sim.Refused)) throw failure;
      setTrouble(failure instanceof sim.Down ? words.down : failure.message);
      setSaving(false);
    }
  };
  const field = (name: string, label: string, how = '', type: HTMLInputTypeAttribute = 'text') => ({
    id: `person-${name}`,
    name,
    type,
    label,
    how,
  });
  const fields = [
    { ...field('nickname', words.nickname), required: true, maxLength: LONGEST_NICKNAME },
    { ...field('phone', words.phoneNumber, words.phoneNumberHow, 'tel'), pattern: '[0-9]{5,20}' },
    field('avatar', words.avatar, words.avatarHow, 'url'),
  ];
  return (
    <Screen title={person ? words.edit : words.add}>
      <form className="body person" onSubmit={save}>
        {fields.map(({ label, how, ...input }) => (
          <p key={input.id}>
            <label htmlFor={input.id}>{label}</label>
            <input
              {...input}
              autoComplete="off"
              dir="auto"
              defaultValue={person ? (person[input.name as 'nickname' | 'phone' | 'avatar'] ?? '') : ''}
              aria-describedby={how && `${input.id}-how`}
              title={how}
            />
            {how && <small id={`${input.id}-how`}>{how}</small>}
          </p>
        ))}
        <div role="alert">{trouble && <p className="trouble">{trouble}</p>}</div>
        <button type="submit" className="main" disabled={isSaving}>
          {words.save}
        </button>
      </form>
    </Screen>
  );
}

/** What is sent. A photo that was left as it was is not told again, so that one of WeChat's stays one of WeChat's. */
export function profileOf(given: (name: string) => string, person: sim.Person | undefined): sim.Profile {
  const [nickname = '', phone, avatar] = ['nickname', 'phone', 'avatar'].map((name) => given(name).trim());
  return {
    ...(person && { id: person.id }),
    nickname,
    phone: phone || null,
    ...(avatar !== (person?.avatar ?? '') && { avatar: avatar || null }),
  };
}
