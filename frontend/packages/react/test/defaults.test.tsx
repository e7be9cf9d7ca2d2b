import { renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import { useWeChatBinding } from '../src/index.js';
import { binding, pass, Server, success } from './fake.js';

test("without a provider it is the page's origin and localStorage.authToken", async () => {
  localStorage.setItem('authToken', 'kept');
  const server = new Server().on('GET /api/wechat/binding', () => success(binding));
  const { result } = renderHook(() => useWeChatBinding());
  await pass();
  expect(result.current.binding?.nickname).toBe('Alice');
  expect(server.calls[0]?.url).toBe(`${location.origin}/api/wechat/binding`);
  expect(server.calls[0]?.headers.get('Authorization')).toBe('Bearer kept');
});
