import type { App, Message } from './sim';

/** What a message is called in the list of chats: the app's name and the template's. */
export function titleOf(message: Message, apps: App[]): string {
  const app = apps.find(({ appid }) => appid === message.appid);
  const template = app?.templates.find(({ id }) => id === message.template_id);
  return `${app?.name ?? message.appid}: ${template?.title || message.template_id}`;
}
