import { useEffect, useState } from 'react';
import { pictureIn } from './picture';

/** A picture or a link that is dropped anywhere, or pasted outside a field, is scanned. Tells whether one hangs above. */
export function useDrops(scan: (content: string) => void, scanPicture: (file: Blob) => void): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const take = (data: DataTransfer | null): boolean => {
      const file = pictureIn(data);
      const text = data?.getData('text/plain') ?? '';
      if (file) scanPicture(file);
      else if (text) scan(text);
      return file !== null || text !== '';
    };
    const over = (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    };
    const left = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      take(event.dataTransfer);
    };
    const paste = (event: ClipboardEvent) => {
      const isField = event.target instanceof HTMLInputElement;
      if (isField && !pictureIn(event.clipboardData)) return;
      if (take(event.clipboardData)) event.preventDefault();
    };
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', left);
    window.addEventListener('drop', drop);
    window.addEventListener('paste', paste);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', left);
      window.removeEventListener('drop', drop);
      window.removeEventListener('paste', paste);
    };
  }, [scan, scanPicture]);
  return isOver;
}
