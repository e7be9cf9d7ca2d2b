import type { Words } from './words';
import type { Lead } from './world';

/** The sales team's list. */
export function Leads({ leads, words }: { leads: Lead[]; words: Words }) {
  if (leads.length === 0) return null;
  return (
    <table>
      <caption>{words.leads}</caption>
      <thead>
        <tr>
          <th scope="col">{words.number}</th>
          <th scope="col">{words.name}</th>
          <th scope="col">{words.phoneNumber}</th>
        </tr>
      </thead>
      <tbody>
        {leads.slice(0, 5).map(({ customerId, name, phone }) => (
          <tr key={customerId}>
            <td>{customerId}</td>
            <td>{name}</td>
            <td>{phone}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
