/** When something came, as a chat shows it: the time today, else the day too. `now` is the simulator's. */
export function when(at: number, now: number): string {
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) return clock(at);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return `${day.map((part) => String(part).padStart(2, '0')).join('-')} ${clock(at)}`;
}

/** The same in a list of chats, where there is little room: the time today, else the day, with its year if it is another. */
export function briefly(at: number, now: number): string {
  const whole = when(at, now);
  const [day] = whole.split(' ');
  if (day === undefined || day === whole) return whole;
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? day.slice(5) : day;
}

/** `09:05` */
export function clock(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}
