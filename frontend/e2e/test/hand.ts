import type { FrameLocator, Page } from 'playwright-core';

/** What a person does with the simulated phone. */
export const handset = (phone: Page) => phone.getByRole('main');
export const pressOn = (phone: Page, name: string) =>
  handset(phone).getByRole('button', { name, exact: true }).first().click();
/** The page that the phone shows. */
export const view = (phone: Page): FrameLocator => phone.frameLocator('iframe');

/** Types in what a code says. */
export async function scan(phone: Page, content: string): Promise<void> {
  await pressOn(phone, 'Scan');
  await phone.locator('#content').fill(content);
  await pressOn(phone, 'Open');
}

/** Lets a file fall on the page, as somebody does who drags a screenshot there. */
export async function drop(phone: Page, file: Buffer, type: string): Promise<void> {
  await phone.evaluate(
    `{
      const bytes = Uint8Array.from(atob('${file.toString('base64')}'), (sign) => sign.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], 'dropped', { type: '${type}' }));
      document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
    }`,
  );
}
